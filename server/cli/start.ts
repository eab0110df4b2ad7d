/** Starts a program with exactly the bytes of the user's command line, and passes signals on to it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PlanRunResult } from '../../protocol/lsp';
import { isRaw, rawBytes } from '../rawText';
import { rawEnvironment } from './raw';

type Plan = Extract<PlanRunResult, { ok: true }>;

/** How a program ended, or one sentence why it was not started. */
export type End = { code: number | null; signal: NodeJS.Signals | null } | { message: string };

/** Starts a planned program in the folder of this process, and waits for its end. */
export function start(plan: Plan, distFolder: string, storage: string): Promise<End> {
  return new Promise((done) => {
    const child = spawnProgram(plan, distFolder, storage);
    const forwarded: NodeJS.Signals[] = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'];
    const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
    // Ctrl-C in a terminal reaches the program directly, because it is in the same process group; sending it
    // again would interrupt the program's own clean-up. Without a terminal nobody else passes it on.
    const interrupt = (signal: NodeJS.Signals): void => {
      if (!process.stdin.isTTY && !process.stderr.isTTY) forward(signal);
    };
    for (const signal of forwarded) process.on(signal, forward);
    for (const signal of ['SIGINT', 'SIGQUIT'] as const) process.on(signal, interrupt);
    const finish = (end: End): void => {
      for (const signal of forwarded) process.off(signal, forward);
      for (const signal of ['SIGINT', 'SIGQUIT'] as const) process.off(signal, interrupt);
      done(end);
    };
    child.on('error', (error) => {
      const message = `${plan.command} could not be started: ${error.message}. Check that it starts without lineheat.`;
      finish({ message });
    });
    child.on('exit', (code, signal) => finish({ code, signal }));
  });
}

function spawnProgram(plan: Plan, distFolder: string, storage: string): ChildProcess {
  const given = rawEnvironment();
  if (![plan.command, ...plan.args, ...given].some(isRaw)) {
    const env = { ...process.env, ...plan.env };
    return spawn(plan.command, plan.args, { env, stdio: 'inherit' });
  }
  // Node passes on text only, so a small program reads the bytes from a file and becomes the one that was asked for.
  const names = Object.keys(plan.env);
  const inherited = given.filter((entry) => !names.includes(entry.slice(0, entry.indexOf('='))));
  const ours = Object.entries(plan.env).map(([name, value]) => `${name}=${value}`);
  const words = [plan.command, plan.command, ...plan.args, ...inherited, ...ours];
  const file = join(storage, 'start');
  const text = [String(plan.args.length + 1), ...words].map((word) => `${word}\0`).join('');
  writeFileSync(file, rawBytes(text), { mode: 0o600 });
  const starter = join(distFolder, 'agent', `linux-${process.arch}`, 'lineheat-start');
  return spawn(starter, [file], { env: {}, stdio: 'inherit' });
}
