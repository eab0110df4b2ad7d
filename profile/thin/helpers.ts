/**
 * Decides which places helpers worked for and which kept GPUs busy, before samples are thinned: that is found by what
 * else happened at the same time, and thinning loses the order of events. The decisions are those that a reader would
 * make, added up by place.
 */
import { ProfileBuilder } from '../feed/builder';
import { costRow } from '../cost';
import type { ProcessFeed } from '../feed/processFeed';
import type {
  CellTop,
  HelpedRecord,
  RecordingHeader,
  SampleRecord,
  StreamRecord,
} from '../../recording/records';
import type { GpuPlaceRecord } from '../../recording/gpuRecords';

type Place = Pick<SampleRecord, 'stack' | 'native' | 'opcode'>;

/** How often decisions are made, ns. */
const settleNs = 1e9;

/** Feeds the records of one recording to a ProcessFeed of its own, and writes down how that divides work. */
export class WorkDecider {
  readonly #feed: ProcessFeed;
  readonly #places: (Place & { top: CellTop })[] = [];
  readonly #helped = new Map<string, HelpedRecord>();
  readonly #busy = new Map<string, GpuPlaceRecord>();
  #isDeferred = false;
  #nextNs = settleNs;

  constructor(
    header: RecordingHeader,
    private readonly put: (record: StreamRecord) => void,
  ) {
    this.#feed = new ProfileBuilder(() => undefined).addProcess(header);
    this.#feed.observe({
      placed: (cell, { stack, native, opcode }, top) => {
        this.#places[cell] ??= { stack, native, opcode, top };
      },
      deferred: () => (this.#isDeferred = true),
      helped: (sample, cell, row) => {
        const place = this.#places[cell ?? sample.cell]!;
        // Work for nobody stays with the helper's own place.
        const part = cell === undefined ? 1 : row[costRow.helper]! / sample.cpuNs;
        this.#addHelped(sample.number, place, sample.cpuNs * part, part, sample.cost, row);
      },
      busy: (cell, ns) => this.#addBusy(this.#places[cell]!, ns),
    });
  }

  /** Takes the next record. Returns whether it is a sample whose work is divided later. */
  take(record: StreamRecord, nowNs: number): boolean {
    this.#isDeferred = false;
    this.#feed.record(record);
    if (nowNs >= this.#nextNs) {
      this.#nextNs = nowNs + settleNs;
      this.#feed.settle(nowNs);
    }
    return this.#isDeferred;
  }

  /** Writes the decisions since the last call. */
  flush(): void {
    for (const helped of this.#helped.values()) this.put(rounded(helped));
    for (const busy of this.#busy.values()) this.put({ ...busy, ns: Math.round(busy.ns) });
    this.#helped.clear();
    this.#busy.clear();
  }

  /** All records have been taken: decides about the rest. */
  finish(): void {
    this.#feed.finish('ended');
    this.flush();
  }

  #addHelped(
    thread: number,
    { stack, native, opcode, top }: Place & { top: CellTop },
    cpuNs: number,
    part: number,
    cost: Float64Array,
    row: Float64Array,
  ): void {
    const key = `${thread} ${stack} ${native} ${opcode} ${top}`;
    let sum = this.#helped.get(key);
    if (!sum) {
      sum = {
        kind: 'helped',
        thread,
        stack,
        native,
        opcode,
        top,
        cpuNs: 0,
        unsureNs: 0,
        afterNs: 0,
        samples: 0,
        pythonNs: 0,
        runtimeNs: 0,
        nativeNs: 0,
        systemNs: 0,
      };
      this.#helped.set(key, sum);
    }
    sum.cpuNs += cpuNs;
    sum.unsureNs += row[costRow.unsure]!;
    sum.afterNs += row[costRow.after]!;
    sum.samples += row[costRow.samples]!;
    sum.pythonNs += cost[costRow.python]! * part;
    sum.runtimeNs += cost[costRow.runtime]! * part;
    sum.nativeNs += cost[costRow.native]! * part;
    sum.systemNs += cost[costRow.system]! * part;
  }

  #addBusy({ stack, native, opcode }: Place, ns: number): void {
    const key = `${stack} ${native} ${opcode}`;
    const sum = this.#busy.get(key);
    if (sum) sum.ns += ns;
    else this.#busy.set(key, { kind: 'gpuPlace', stack, native, opcode, ns });
  }
}

/** Rounded to whole ns, with parts that are no more than the whole. */
function rounded(sum: HelpedRecord): HelpedRecord {
  const pythonNs = Math.round(sum.pythonNs);
  const nativeNs = Math.round(sum.nativeNs);
  const systemNs = Math.round(sum.systemNs);
  const cpuNs = Math.max(Math.round(sum.cpuNs), pythonNs + nativeNs + systemNs);
  const most = (ns: number): number => Math.min(cpuNs, Math.round(ns));
  return {
    ...sum,
    cpuNs,
    unsureNs: most(sum.unsureNs),
    afterNs: most(sum.afterNs),
    runtimeNs: most(sum.runtimeNs),
    pythonNs,
    nativeNs,
    systemNs,
  };
}
