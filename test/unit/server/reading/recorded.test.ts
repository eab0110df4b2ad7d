import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { cpuOf, wallOf } from '../../../../profile/cost';
import type { LineCost } from '../../../../profile/types';
import { callEdges } from '../../../../profile/view/edges';
import { Run } from '../../../../server/reading/run';

const ms = 1e6;

/** Recordings of fixtures/recordings/work.py by each interpreter, symbols included. */
test.each(['3.9', '3.10', '3.11', '3.12', '3.13', '3.14', '3.15'])(
  'a recording made by Python %s has the known figures',
  (version) => {
    const path = fileURLToPath(
      new URL(`../../fixtures/recordings/${version}.linescope`, import.meta.url),
    );
    const run = Run.open(path, false);
    run.readAll();
    const profile = run.profile();
    const program = [...profile.files.values()].find((file) => file.path.endsWith('/work.py'))!;
    const line = (number: number): LineCost => program.lines.find((of) => of.line === number)!;
    const { total } = profile;
    expect(profile.processes[0]).toMatchObject({ state: 'ended', exit: 0, notes: [] });
    expect(profile.processes[0]!.pythonVersion).toMatch(version);
    expect(profile.threads.map(({ name }) => name)).toEqual(['MainThread']);

    // The operating system and the samples agree on the CPU time.
    expect(cpuOf(total) / (profile.cpuNs - profile.processes[0]!.agentCpuNs)).toBeCloseTo(1, 1);
    // Each line of the program is what it is.
    const pure = line(15).self;
    expect(pure.python / (pure.python + pure.native)).toBe(1);
    expect(line(15).function).toBe('pure');
    const instance = line(21).self;
    expect(instance.native / (instance.python + instance.native)).toBeLessThan(0.02);
    const sorted = line(25).self;
    expect(sorted.native / (sorted.python + sorted.native)).toBeGreaterThan(0.95);
    const packed = line(29);
    expect(packed.self.native / (packed.self.python + packed.self.native)).toBeGreaterThan(0.99);
    expect(packed.natives[0]!.module).toMatch(/^libz/);
    const recursion = program.functions.find(({ name }) => name === 'recurse')!;
    expect(recursion.total).toEqual(recursion.self);
    expect(line(42).self.wait / ms).toBeGreaterThan(295);
    // What runs in functions is charged to the lines that call them.
    const callee = program.functions.find(({ name }) => name === 'pure')!;
    expect(wallOf(line(36).total)).toBeGreaterThanOrEqual(wallOf(callee.total));
    expect(wallOf(line(36).total) / wallOf(callee.total)).toBeCloseTo(1, 1);
    expect(callEdges(run.builder, program.path, 15).callers[0]).toMatchObject({ line: 36 });
    expect(callEdges(run.builder, program.path, 36).callees[0]).toMatchObject({ function: 'pure' });
    expect(program.lines.find(({ line: of }) => of === 0)).toBeUndefined();

    // Lines never hold more than there is.
    const lines = [...profile.files.values()].flatMap((file) => file.lines);
    const self = lines.reduce((sum, of) => sum + wallOf(of.self), 0);
    expect(self).toBeLessThanOrEqual(wallOf(total));
    expect(self / wallOf(total)).toBeGreaterThan(0.9);
    run.close();
  },
);
