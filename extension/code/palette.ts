import * as vscode from 'vscode';

/** Colours as CSS text, for pictures that cannot name a theme colour. */
export interface Palette {
  track: string;
  outline: string;
  python: string;
  native: string;
  system: string;
  wait: string;
  queue: string;
  memory: string;
  /** Eight steps, cold to hot. */
  heat: string[];
}

type ThemeName = 'dark' | 'light' | 'highContrast' | 'highContrastLight';

/**
 * The contributed colours for the active theme: their defaults in the manifest, with the user's
 * `workbench.colorCustomizations` on top. An extension cannot ask for the colour itself.
 */
export function readPalette(extension: vscode.Extension<unknown>): Palette {
  const theme = themeName(vscode.window.activeColorTheme.kind);
  const custom = customizations();
  const manifest = extension.packageJSON as {
    contributes: { colors: { id: string; defaults: Record<ThemeName, string> }[] };
  };
  const defaults = new Map(manifest.contributes.colors.map(({ id, defaults }) => [id, defaults]));
  const color = (name: string): string => {
    const id = `lineheat.${name}`;
    return custom[id] ?? defaults.get(id)?.[theme] ?? '#808080';
  };
  return {
    track: color('track'),
    outline: color('outline'),
    python: color('python'),
    native: color('native'),
    system: color('system'),
    wait: color('wait'),
    queue: color('queue'),
    memory: color('memory'),
    heat: Array.from({ length: 8 }, (_, step) => color(`heat${step}`)),
  };
}

function themeName(kind: vscode.ColorThemeKind): ThemeName {
  switch (kind) {
    case vscode.ColorThemeKind.Light:
      return 'light';
    case vscode.ColorThemeKind.HighContrast:
      return 'highContrast';
    case vscode.ColorThemeKind.HighContrastLight:
      return 'highContrastLight';
    default:
      return 'dark';
  }
}

/** Colours the user set for all themes and, winning over those, for the active one. */
function customizations(): Record<string, string> {
  const workbench = vscode.workspace.getConfiguration('workbench');
  const colors = workbench.get<Record<string, unknown>>('colorCustomizations') ?? {};
  const theme = workbench.get<string>('colorTheme');
  const forTheme = Object.entries(colors)
    .filter(([key]) => theme !== undefined && key.includes(`[${theme}]`))
    .map(([, colors]) => colors as Record<string, unknown>);
  const merged = Object.assign({}, colors, ...forTheme) as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(merged).filter((entry): entry is [string, string] => isColor(entry[1])),
  );
}

/** Whether a setting is a colour: it becomes part of SVG text, where nothing else may come in. */
function isColor(value: unknown): boolean {
  return typeof value === 'string' && /^#[0-9a-f]{3,8}$/i.test(value);
}
