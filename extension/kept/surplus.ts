/** A folder of a run, by name: names start with the time in UTC, so their order is that of the runs. */
export interface KeptRun {
  name: string;
  /** The workspace it was started from; undefined when that is not known. */
  workspace: string | undefined;
  /** What ran: the same program's runs push out one another, and no other's. */
  program: string | undefined;
  /** Never too many. */
  pinned: boolean;
}

/**
 * Runs that are too many. So many are kept of each program. A repository can bring settings of its own, and those count for
 * the runs from there: of all others as many are kept as the user says.
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
