/** The style of a terminal, and text laid out in its columns. */
import { clip as clipPlain } from '../../../profile/words/columns';

export { columns, padLeft, padRight } from '../../../profile/words/columns';

export interface Style {
  /** Columns. */
  width: number;
  color: boolean;
}

// Blue, orange, green, grey and yellow, as in the editor. Colour-blind people can tell them apart.
const codes = {
  bold: '1',
  dim: '2',
  red: '31',
  yellow: '33',
  python: '38;5;75',
  native: '38;5;214',
  system: '38;5;42',
  wait: '38;5;245',
  queue: '38;5;185',
} as const;
export type Color = keyof typeof codes;

/**
 * The style for a stream: colour on a terminal. NO_COLOR (no-color.org) turns it off everywhere and FORCE_COLOR
 * (force-color.org) on, and where both are set the first counts, as in Python.
 */
export function terminalStyle(
  stream: { isTTY?: boolean; columns?: number },
  env: Readonly<Record<string, string | undefined>>,
): Style {
  const width = stream.columns || Number(env['COLUMNS']) || 100;
  const forced = env['FORCE_COLOR'];
  const wanted = forced ? !/^(0|false)$/.test(forced) : stream.isTTY && env['TERM'] !== 'dumb';
  return {
    width: Math.min(180, Math.max(50, width)),
    color: wanted === true && !env['NO_COLOR'],
  };
}

/** A function that colours text, or leaves it alone. */
export function paintWith(style: Style): (color: Color, text: string) => string {
  return (color, text) =>
    style.color && text !== '' ? `\u001b[${codes[color]}m${text}\u001b[0m` : text;
}

/** Text cut to a width with `…`; control characters, which source may hold, do not reach the terminal. */
export function clip(text: string, width: number): string {
  return clipPlain(text.replace(/\p{Cc}/gu, ' '), width);
}
