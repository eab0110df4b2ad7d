/**
 * What questions about one line are answered from: who calls it, which part of it costs what, what memory it holds. A profile
 * does not keep the answers, since few lines are ever asked about. ProfileBuilder answers for everything read so far,
 * ViewedPlaces for a view.
 */
import type { Cells } from '../feed/cells';
import type { MemoryShares } from '../memory/shares';
import type { MemorySites } from '../memory/sites';
import type { WalkedStacks } from './stacks';

/** Where time was spent: of a process, or of several together. */
export interface Places {
  readonly stacks: WalkedStacks;
  readonly cells: Pick<Cells, 'count' | 'stack' | 'leaf' | 'total'>;
}

/** Where memory was allocated. */
export interface MemoryPlaces {
  /** What a line is charged for; undefined: nothing. */
  sharesOf(path: string, line: number): MemoryShares | undefined;
  /** The places that the cells of these sites name. */
  placesOf(sites: MemorySites): Places;
  /** By the sites of a process: when it started, ns since the run's start. */
  starts(): ReadonlyMap<MemorySites, number>;
}

/** All places of a run, or of a part of it. */
export interface RunPlaces {
  readonly places: readonly Places[];
  /** undefined: memory is not known for this part of the run. */
  readonly memoryPlaces: MemoryPlaces | undefined;
}
