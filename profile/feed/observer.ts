/** Lets thinning observe how a feed divides the work of helpers and GPUs among places. */
import type { CellTop } from './cells';
import type { HelperSample } from '../helpers/helper';
import type { SampleRecord } from '../../recording/records';

/** The part of a helper's sample that observers are told. */
export type Helped = Pick<HelperSample, 'thread' | 'number' | 'cell' | 'cpuNs' | 'cost'>;

/** Is told how a feed divides work among places. */
export interface FeedObserver {
  /** A record names a place, which is this cell. */
  placed(
    cell: number,
    place: Pick<SampleRecord, 'stack' | 'native' | 'opcode'>,
    top: CellTop,
  ): void;
  /** It is decided later which cells a helper's sample was for. */
  deferred(sample: SampleRecord): void;
  /** A part of a helper's sample was for this cell, as a cost row; undefined: for nobody. */
  helped(sample: Helped, cell: number | undefined, row: Float64Array): void;
  /** A cell kept a GPU busy for `ns`. */
  busy(cell: number, ns: number): void;
}
