/** The memory table on a terminal. */
import type { MemoryScore } from './memoryScore';
import { columns } from './table';

/** First line of a table. */
export function memoryHeader(): string {
  return columns('case', 'quantity', ['expected', 'measured', 'error %', 'allowed %'], '');
}

/** One line of a table: megabytes, percent, or whether a leak was reported. */
export function memoryRow(score: MemoryScore): string {
  const { unit } = score;
  const value = (of: number): string => {
    if (unit === 'leaks') return of === 0 ? 'no' : 'yes';
    return unit === '%' ? `${of.toFixed(2)} %` : `${(of / 1e6).toFixed(2)} MB`;
  };
  const error = (of: number): string => (unit === 'leaks' ? '' : of.toFixed(2));
  return columns(
    score.case,
    score.quantity,
    [value(score.expected), value(score.measured), error(score.error), error(score.allowed)],
    score.ok ? 'ok' : 'FAILED',
  );
}

/** Mean and worst error of a version's byte figures, percent. */
export function memorySummary(scores: readonly MemoryScore[]): string {
  const errors = scores.filter(({ unit }) => unit === 'bytes').map(({ error }) => error);
  if (errors.length === 0) return '';
  const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
  return `memory: mean error ${mean.toFixed(2)} %, worst ${Math.max(...errors).toFixed(2)} % in ${errors.length} quantities`;
}
