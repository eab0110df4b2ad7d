/** The suite's table on a terminal. */
import type { Score } from './score';

const widths = { case: 24, quantity: 46, number: 11 };

/** One line of a table, with numbers to the right. */
export function columns(name: string, quantity: string, numbers: string[], ok: string): string {
  const right = numbers.map((text) => text.padStart(widths.number)).join('');
  return `${name.padEnd(widths.case)}${quantity.padEnd(widths.quantity)}${right}  ${ok}`.trimEnd();
}

/** First line of a table. */
export function header(): string {
  return columns('case', 'quantity', ['expected', 'measured', 'error', 'allowed'], '');
}

/** One line of a table: percent, or times; errors in percentage points. */
export function row(score: Score): string {
  const text = (value: number) => (score.unit === '%' ? value.toFixed(2) : String(value));
  const numbers = [score.expected, score.measured, score.error, score.allowed].map(text);
  return columns(score.case, score.quantity, numbers, score.ok ? 'ok' : 'FAILED');
}

/** Mean and worst error of a version, percentage points. */
export function summary(scores: readonly Score[]): string {
  const errors = scores.filter(({ unit }) => unit === '%').map(({ error }) => error);
  const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
  return `mean error ${mean.toFixed(2)}, worst ${Math.max(...errors).toFixed(2)} percentage points in ${errors.length} quantities`;
}
