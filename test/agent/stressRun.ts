/** One run of stress.py: bare, or under the agent at 200 µs. */
import { program, run, underAgent, type Ended } from './programs';
import type { Python } from './pythons';

/** What the program prints of one round when nothing samples it. */
export function stressBare(python: Python, path = ''): Promise<Ended> {
  return run(python.path, [program('safety/stress.py'), '0'], { env: pythonPath(path) });
}

export interface Stress {
  seconds: number;
  seed: number;
  memory: boolean;
  runDir: string;
  /** A PYTHONPATH, where there is one. */
  path?: string;
}

function pythonPath(path: string): Record<string, string> {
  return path === '' ? {} : { PYTHONPATH: path };
}

export function stress(python: Python, options: Stress): Promise<Ended> {
  const { seconds, seed, memory, runDir, path = '' } = options;
  const env = underAgent(runDir, {
    ...pythonPath(path),
    LINEHEAT_INTERVAL_US: '200',
    LINEHEAT_BUDGET_PERMILLE: '0',
    LINEHEAT_MEMORY: memory ? '1' : '0',
  });
  const args = [program('safety/stress.py'), String(seconds), String(seed)];
  return run(python.path, args, { env, deadlineMs: (seconds + 90) * 1000 });
}
