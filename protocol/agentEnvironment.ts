/**
 * How a program is put under the agent: by environment variables only. The agent removes them before the program can
 * see them, and sets them for every program that is started from there (profiler-agent/native/process/environment.h).
 */

/** The default interval. The agent keeps within a budget of overhead, and records the rate that it reached. */
export const defaultIntervalUs = 1000;

/**
 * The overhead allowed for a finer rate, percent. If it would cost more, samples are taken less often, and a note
 * tells how often.
 */
export const fineBudgetPercent = 10;

export interface AgentOptions {
  /** Absolute path of liblineheat.so. It must hold no space or colon: the dynamic loader splits the list there. */
  agent: string;
  /** An existing, writable folder that receives `<pid>.lsp` files. */
  runDir: string;
  intervalUs: number;
  memory: boolean;
}

/**
 * The variables to add to a program's environment. `inherited` is the environment the program would have had:
 * libraries it already preloads stay preloaded, after the agent.
 */
export function agentEnvironment(
  options: AgentOptions,
  inherited: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  // Kept word for word, even if empty, so that the program sees the value it would have without the agent.
  const others = inherited['LD_PRELOAD'];
  const named = others?.split(/[ :]/).includes(options.agent);
  return {
    LD_PRELOAD:
      others === undefined ? options.agent : named ? others : `${options.agent}:${others}`,
    LINEHEAT_DIR: options.runDir,
    LINEHEAT_INTERVAL_US: String(Math.round(options.intervalUs)),
    // A finer rate may cost more, within limits.
    ...(options.intervalUs < defaultIntervalUs
      ? { LINEHEAT_BUDGET_PERMILLE: String(fineBudgetPercent * 10) }
      : {}),
    LINEHEAT_MEMORY: options.memory ? '1' : '0',
  };
}
