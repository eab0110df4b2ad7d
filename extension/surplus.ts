/** A folder of a run, by name: names start with the time in UTC, so their order is that of the runs. */
export interface KeptRun {
  name: string;
  /** The workspace it was started from; undefined when that is not known. */
  workspace: string | undefined;
}

/**
 * Runs that are too many. A repository can bring settings of its own, and those count for the runs from there: of all
 * others as many are kept as the user says.
 */
export function surplus(
  runs: readonly KeptRun[],
  workspace: string,
  keep: { here: number; elsewhere: number },
): string[] {
  const sorted = [...runs].sort((a, b) => (a.name < b.name ? -1 : 1));
  const here = sorted.filter((run) => run.workspace === workspace);
  const elsewhere = sorted.filter((run) => run.workspace !== workspace);
  return [...here.slice(0, -keep.here), ...elsewhere.slice(0, -keep.elsewhere)].map(
    ({ name }) => name,
  );
}
