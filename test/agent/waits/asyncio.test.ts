/** Coroutines: an event loop's waiting is that of the lines its tasks await on. */
import { afterAll, describe, expect, test } from 'vitest';
import { Folders, mark, profile, program } from '../programs';
import { pythons } from '../pythons';
import { cpu, lineOf, percent } from '../report';

const folders = new Folders();
afterAll(() => folders.clear());

describe.each(pythons)('Python $name', (python) => {
  /** Profiles a program of test/agent/programs; `wait` answers with a marked line's waiting, in seconds. */
  async function profiled(name: string, ...args: string[]) {
    const path = program(name);
    const { report, stdout } = await profile(python.path, [path, ...args], folders.make());
    const wait = (marked: string): number => lineOf(report, path, mark(path, marked)).total.wait_s;
    const line = (marked: string) => lineOf(report, path, mark(path, marked)).total;
    return { report, wait, line, told: stdout.trim().split(/\s+/).map(Number) };
  }

  test('tasks share the waiting of their loop, on the lines where they await', async () => {
    const { report, wait, line, told } = await profiled('waits/awaits.py');
    const whole = wait('run');
    // What the loop did not compute it waited, but for starting and ending.
    const [ran = 0, computed = 0] = told;
    expect(whole).toBeLessThan(ran - computed + 0.06);
    expect(whole).toBeGreaterThan(ran - computed - 0.3);
    for (const name of ['sleep', 'inner', 'outer', 'generator', 'consumer']) {
      expect(percent(wait(name), whole), name).toBeGreaterThan(33.3 - 4);
      expect(percent(wait(name), whole), name).toBeLessThan(33.3 + 4);
    }
    expect(Math.abs(wait('sleep') + wait('inner') + wait('generator') - whole)).toBeLessThan(0.05);
    // Computing is not waiting, nor is giving others their turn, nor waiting for tasks that wait.
    expect(cpu(line('compute'))).toBeGreaterThan(0.3);
    for (const name of ['compute', 'yield', 'gather']) expect(wait(name), name).toBeLessThan(0.06);
    // Every share is a piece of the one thread's time.
    const [thread] = report.threads;
    expect(report.total.wait_s + cpu(report.total)).toBeLessThan(thread!.wall_s * 1.01);
  });

  test('lines that wait for tasks have no waiting of their own', async () => {
    const { wait, told } = await profiled('waits/await_children.py');
    const rest = 0.05 * told[0]!;
    expect(wait('leaf')).toBeGreaterThan(told[0]! - 4 * rest);
    const names = ['task', 'gather', 'wait', 'wait_for', 'shield', 'as_completed'];
    for (const name of [...names, ...(python.minor >= 11 ? ['group'] : [])]) {
      expect(wait(name), name).toBeLessThan(rest);
    }
  });

  // One version of each way in which asyncio keeps its tasks: this takes long.
  const isEnough = [9, 12, 14, 15].includes(python.minor);
  test.runIf(isEnough)(
    'of many tasks only some are looked at, and the shares are still right',
    async () => {
      const { report, wait } = await profiled('waits/many_tasks.py', '4000');
      const whole = wait('half') + wait('quarter') + wait('other');
      const shares = { half: 50, quarter: 25, other: 25 };
      console.log(
        `${python.name}: 4000 tasks, shares ${Object.keys(shares).map((name) => percent(wait(name), whole))} %, agent ${percent(report.agent_cpu_s, report.elapsed_s)} % of a core`,
      );
      for (const [name, share] of Object.entries(shares)) {
        expect(Math.abs(percent(wait(name), whole) - share), name).toBeLessThan(10);
      }
      // The parts that observe, follow memory and look at tasks may each spend up to a hundredth of a core.
      expect(report.agent_cpu_s).toBeLessThan(0.03 * report.elapsed_s);
    },
  );

  test('two loops in two threads charge only lines of their own tasks', async () => {
    const { wait, told } = await profiled('waits/two_loops.py');
    expect(Math.abs(wait('first') - told[0]!)).toBeLessThan(0.12);
    expect(Math.abs(wait('second') - told[1]!)).toBeLessThan(0.12);
  });
});
