/** Colours and fonts as the editor's theme has them, read again whenever it changes. */
import { color, rgb, type RGBColor } from 'd3';
import { frameKinds } from '../../profile/flame/tables';

export interface Theme {
  dark: boolean;
  highContrast: boolean;
  background: RGBColor;
  foreground: RGBColor;
  muted: RGBColor;
  focus: RGBColor;
  match: RGBColor;
  /** By index in frameKinds. */
  kinds: RGBColor[];
  /** Canvas font of labels, at 11 CSS px. */
  font: string;
}

/**
 * Colours of frames by kind where the page does not say them; package.json has the same. Blue, orange, green, grey, purple
 * and yellow of like lightness: distinct in every kind of colour vision.
 */
export const kindColours = {
  dark: ['#4d96e0', '#e69f00', '#2fb28c', '#8f959e', '#c78bd1', '#cfc55a'],
  light: ['#1f6fbf', '#c27a00', '#00855f', '#868c94', '#9b4fa8', '#8f8200'],
  contrastDark: ['#6cb6ff', '#ffb000', '#2ee6b0', '#c8c8c8', '#e6a8f0', '#fff27a'],
  contrastLight: ['#0050a0', '#9a5700', '#00573e', '#5c5c5c', '#7a2f87', '#5f5600'],
};

/** How wide a column of code is in an editor, as a part of the size of its font. */
export function editorColumn(): number {
  const context = document.createElement('canvas').getContext('2d');
  if (!context) return 0.6;
  const family = getComputedStyle(document.documentElement).getPropertyValue(
    '--vscode-editor-font-family',
  );
  const size = 100;
  context.font = `${size}px ${family || 'monospace'}`;
  return context.measureText('0').width / size;
}

/** Read the theme from the `--vscode-*` variables and the class of the body. */
export function readTheme(): Theme {
  const classes = document.body.classList;
  const contrastLight = classes.contains('vscode-high-contrast-light');
  const highContrast = classes.contains('vscode-high-contrast') || contrastLight;
  const dark = contrastLight ? false : !classes.contains('vscode-light');
  const styles = getComputedStyle(document.documentElement);
  const read = (names: string[], fallback: string): RGBColor => {
    for (const name of names) {
      const parsed = color(styles.getPropertyValue(`--vscode-${name}`).trim());
      if (parsed) return rgb(parsed);
    }
    return rgb(fallback);
  };
  const set = highContrast
    ? dark
      ? kindColours.contrastDark
      : kindColours.contrastLight
    : dark
      ? kindColours.dark
      : kindColours.light;
  return {
    dark,
    highContrast,
    background: read(['editor-background'], dark ? '#1f1f1f' : '#ffffff'),
    foreground: read(['editor-foreground', 'foreground'], dark ? '#cccccc' : '#3b3b3b'),
    muted: read(['descriptionForeground'], dark ? '#9d9d9d' : '#717171'),
    focus: read(['focusBorder'], dark ? '#0078d4' : '#005fb8'),
    match: read(['editor-findMatchBackground', 'charts-yellow'], '#d9a400'),
    kinds: frameKinds.map((kind, i) => read([`lineheat-${kind}`], set[i]!)),
    font: `11px ${styles.getPropertyValue('--vscode-editor-font-family').trim() || 'monospace'}`,
  };
}

/** Call `changed` after the theme has changed. */
export function watchTheme(changed: () => void): void {
  const observer = new MutationObserver(changed);
  observer.observe(document.body, { attributes: true, attributeFilter: ['class'] });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style'] });
}
