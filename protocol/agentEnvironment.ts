/**
 * How a program is put under the agent: by environment alone. The agent takes these variables away before the program
 * looks at them, and gives them to every program that is started there (profiler-agent/native/process/environment.h).
 */

/** Samples are taken this often by default. The agent then stays within a budget and says in the data what it reached. */
export const defaultIntervalUs = 1000;

/** What a finer rate may cost: where it would cost more, samples are taken less often, and a note says how often. */
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
  // Word for word, be it empty: what the program sees of it is what is left without the agent.
  const others = inherited['LD_PRELOAD'];
  const named = others?.split(/[ :]/).includes(options.agent);
  return {
    LD_PRELOAD:
      others === undefined ? options.agent : named ? others : `${options.agent}:${others}`,
    LINEHEAT_DIR: options.runDir,
    LINEHEAT_INTERVAL_US: String(Math.round(options.intervalUs)),
    // Whoever asks for a finer rate pays for it, within limits.
    ...(options.intervalUs < defaultIntervalUs
      ? { LINEHEAT_BUDGET_PERMILLE: String(fineBudgetPercent * 10) }
      : {}),
    LINEHEAT_MEMORY: options.memory ? '1' : '0',
  };
}
