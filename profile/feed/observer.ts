/** Whoever wants to know how a feed divides what threads without Python code and GPUs did among places. */
import type { CellTop } from './cells';
import type { HelperSample } from '../helpers/helper';
import type { SampleRecord } from '../../recording/records';

/** What is decided about. */
export type Helped = Pick<HelperSample, 'thread' | 'number' | 'cell' | 'cpuNs' | 'cost'>;

/** Learns how what happened at the same time was divided among places. */
export interface FeedObserver {
  /** A cell stands for a place. */
  met(cell: number, place: Pick<SampleRecord, 'stack' | 'native' | 'opcode'>, top: CellTop): void;
  /** It is decided later for whom a thread without Python code did what was sampled. */
  asked(sample: SampleRecord): void;
  /** A part of it was for a cell, as a cost row, or for nobody. */
  helped(sample: Helped, cell: number | undefined, row: Float64Array): void;
  /** A cell kept a GPU busy for so long, ns. */
  busy(cell: number, ns: number): void;
}
