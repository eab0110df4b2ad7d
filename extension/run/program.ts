import { liveProcesses } from '../kept/storage';
import { describe, getLog } from '../messages';

/** How a program ended. */
export interface Ended {
  /** False when the terminal could not even start the program. */
  started: boolean;
  /** The exit code; undefined when nobody knows it. */
  exit: number | undefined;
}

/** A program that is running now, wherever it was started. */
export interface RunningProgram {
  /** Resolves once the program has ended. Never rejects. */
  readonly ended: Promise<Ended>;
  /** Asks the program to stop, as Ctrl+C in its terminal does. */
  interrupt(): void;
  /** Ends the program without asking. */
  kill(): void;
}

const pollMs = 500;

/** A program started before the window was reloaded: known only by the processes that still record into its folder. */
export function followProcesses(runDir: string): RunningProgram {
  const send = (name: NodeJS.Signals) => {
    void liveProcesses(runDir).then((pids) => pids.forEach((pid) => signal(pid, name)));
  };
  return {
    ended: endOfProcesses(runDir),
    interrupt: () => send('SIGINT'),
    kill: () => send('SIGKILL'),
  };
}

async function endOfProcesses(runDir: string): Promise<Ended> {
  while ((await liveProcesses(runDir)).length > 0) {
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  return { started: true, exit: undefined };
}

/** Signals the process group, as a terminal does, else the process. False when neither is there. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, name);
      return true;
    } catch (error) {
      getLog().debug(`${name} to ${target}: ${describe(error)}`);
    }
  }
  return false;
}
