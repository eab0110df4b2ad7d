import type { LineAnnotation } from '../../protocol/lsp';

/** Lines from this step of heat on, 0…7, mark their file in the Explorer. */
const hotFrom = 2;

export interface Badge {
  text: string;
  tooltip: string;
}

/** The mark of a file: its hottest line's share of the run, in whole percent. Undefined for a file without a hot line. */
export function badgeOf(
  lines: readonly Pick<LineAnnotation, 'line' | 'heat' | 'kind' | 'percent' | 'stale'>[],
): Badge | undefined {
  let best: { line: number; share: number; percent: string } | undefined;
  for (const { line, heat, kind, percent, stale } of lines) {
    const share = Number.parseFloat(percent);
    if (stale || kind !== 'self' || heat < hotFrom || !(share >= 1)) continue;
    if (share > (best?.share ?? 0)) best = { line, share, percent };
  }
  if (!best) return undefined;
  return {
    // VS Code draws two characters. Cut, not rounded: 99.8 % is not 100.
    text: best.share >= 100 ? '●' : String(Math.floor(best.share)),
    tooltip: `Hottest line: ${best.line}, ${best.percent} of the run`,
  };
}
