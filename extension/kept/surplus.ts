/** Which kept runs are deleted because there are more than the settings allow. */

/** The folder of a kept run. */
export interface KeptRun {
  /** Begins with the time in UTC, so that the order of names is that of the runs. */
  name: string;
  /** The workspace it was started from; undefined when that is not known. */
  workspace: string | undefined;
  /** What ran: the limit is for the runs of one program. */
  program: string | undefined;
  /** Kept whatever the limit is. */
  pinned: boolean;
}

/**
 * The names of runs beyond the limit: the newest of each program are kept. A repository can bring settings of its own, which
 * count for runs that were started there (`here`); for all others the user's own settings do (`elsewhere`).
 */
export function surplus(
  runs: readonly KeptRun[],
  workspace: string,
  keep: { here: number; elsewhere: number },
): string[] {
  const programs = new Map<string, KeptRun[]>();
  for (const run of runs) {
    if (run.pinned) continue;
    const key = JSON.stringify([run.workspace, run.program]);
    programs.set(key, [...(programs.get(key) ?? []), run]);
  }
  return [...programs.values()]
    .flatMap((same) => {
      const sorted = same.sort((a, b) => (a.name < b.name ? -1 : 1));
      const count = same[0]?.workspace === workspace ? keep.here : keep.elsewhere;
      return sorted.slice(0, -count);
    })
    .map(({ name }) => name)
    .sort();
}
