/** Whether the expressions of a line cost what they do, on every interpreter: which of them it is, the recording's offsets say. */
import { readFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { cpuOf } from '../../../profile/cost';
import { expressionsOf, type Expression } from '../../../profile/words/expressions';
import { lineDetail } from '../../../profile/view/lineParts';
import { Run } from '../../../server/reading/run';
import { Folders, mark, program, run, underAgent } from '../programs';
import { pythons } from '../pythons';

const folders = new Folders();
afterAll(() => folders.clear());

const path = program('time/expressions.py');
const lines = readFileSync(path, 'utf8').split('\n');

/** Line, last line, column and end column (0-based) of an instruction, as co_positions() has them. */
type Position = [line: number, endLine: number, column: number, endColumn: number];

async function profiled(
  python: string,
  env: Record<string, string> = {},
): Promise<{ recorded: Run; positions: Position[] }> {
  const folder = folders.make();
  const ended = await run(python, [path], { env: underAgent(folder, env) });
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  const positions = JSON.parse(ended.stdout) as Position[];
  const recorded = Run.open(folder, false);
  recorded.readAll();
  recorded.close();
  return { recorded, positions };
}

/** The expressions of a line; all its parts together are the line. */
function expressions(recorded: Run, name: string): Expression[] {
  const line = mark(path, name);
  const { parts } = lineDetail(recorded.builder, path, line);
  const sum = parts.reduce((ns, { cost }) => ns + cpuOf(cost), 0);
  const { total } = recorded
    .profile()
    .files.get(path)!
    .lines.find((row) => row.line === line)!;
  expect(sum / cpuOf(total)).toBeCloseTo(1, 6);
  const amounts = parts.map(({ cost, ...columns }) => {
    return { ...columns, amount: cpuOf(cost), samples: cost.samples };
  });
  return expressionsOf(amounts, lines[line - 1]!);
}

const withColumns = pythons.filter(({ minor }) => minor >= 11);

test.each(withColumns)(
  'Python $name: the time of a line is divided among its expressions',
  async (python) => {
    const { recorded, positions } = await profiled(python.path);
    // Every part that samples were in is one that the interpreter knows.
    for (const line of [mark(path, 'calls'), mark(path, 'nested')]) {
      const known = positions
        .filter(([at]) => at === line)
        .map(([, , column, end]) => `${column + 1}-${end + 1}`);
      for (const { start, end } of lineDetail(recorded.builder, path, line).parts) {
        if (start > 0) expect(known).toContain(`${start}-${end}`);
      }
    }
    const calls = expressions(recorded, 'calls');
    console.log(
      `${python.name}: ${calls.map(({ text, percent }) => `${text} ${percent}`).join(', ')}`,
    );
    // Calls that end after 30 and 10 ms of CPU time, by the program's own clock.
    const [three, one] = ['spin(3)', 'spin(1)'].map((text) =>
      calls.find((expression) => expression.text === text)!,
    );
    expect(three!.share / one!.share).toBeGreaterThan(2);
    expect(three!.share / one!.share).toBeLessThan(4.5);
    const rest = calls.find(({ text }) => text.startsWith('sum('));
    expect(three!.share + one!.share + (rest?.share ?? 0)).toBeGreaterThan(0.95);

    // A lambda and a generator are told apart from what runs them, behind text that is not ASCII. How finely a lambda is
    // divided depends on how many samples its parts have.
    const nested = expressions(recorded, 'nested');
    console.log(nested.map(({ text, percent }) => `${text} ${percent}`).join(', '));
    const shareOf = (begin: string): number =>
      nested
        .filter(({ text }) => text.startsWith(begin))
        .reduce((sum, { share }) => sum + share, 0);
    expect(shareOf('sorted(many, key=')).toBeGreaterThan(0.3);
    expect(shareOf('sorted(many, key=')).toBeLessThan(0.8);
    expect(shareOf('lambda n:') + shareOf('-n') + shareOf('… % 99')).toBeGreaterThan(0.12);
    expect(shareOf('sum(') + shareOf('(n for')).toBeGreaterThan(0.03);
  },
);

test.each([
  ...pythons.filter(({ minor }) => minor === 10),
  ...withColumns.slice(-1).map((python) => ({ ...python, name: `${python.name} without ranges` })),
])('Python $name: a recording without columns has no expressions', async ({ path: python }) => {
  const { recorded } = await profiled(python, { PYTHONNODEBUGRANGES: '1' });
  expect(expressions(recorded, 'calls')).toEqual([]);
});
