/** What the threads of one process did, sample by sample: its cells, their sum, and which cells helpers worked for. */
import type { HelpedRecord, QueueRecord, SampleRecord } from '../../recording/records';
import { addRow, costRow, costRowLength } from '../cost';
import { HelperWork } from '../helpers/helperWork';
import { libraryName } from '../paths';
import type { NativeChains } from '../stacks/nativeChains';
import { callKind } from '../stacks/opcodes';
import type { PythonStacks } from '../stacks/pythonStacks';
import type { Cells, CellTop } from './cells';
import type { Columns } from './columns';
import type { FeedObserver, Helped } from './observer';
import { OffLine } from './offLine';
import { queueCost, sampleCost, takeSystem } from './sampleCost';
import type { ThreadFeed } from './threadFeed';

/** Takes the samples of one recording; part of its ProcessFeed. */
export class SampleFeed {
  readonly cells: Cells;
  readonly helpers: HelperWork;
  /** By cell: the ids of the helper threads that worked for it. */
  readonly helpersOf = new Map<number, Set<number>>();
  readonly offLine = new OffLine();
  readonly total = new Float64Array(costRowLength);
  /** Records that name frames which the recording does not have. */
  foreign = 0;
  /** Python's version, as `sys.hexversion`; 0 until the recording says. */
  hexversion = 0;
  observer: FeedObserver | undefined;
  readonly #stacks: PythonStacks;
  readonly #natives: NativeChains;
  readonly #threadOf: (number: number) => ThreadFeed;
  readonly #mainTid: number;

  constructor(
    { cells, stacks, natives }: Columns,
    threads: ReadonlyMap<number, ThreadFeed>,
    threadOf: (number: number) => ThreadFeed,
    mainTid: number,
  ) {
    this.cells = cells;
    this.#stacks = stacks;
    this.#natives = natives;
    this.#threadOf = threadOf;
    this.#mainTid = mainTid;
    const lineOf = (cell: number): object | undefined =>
      stacks.frame(stacks.visible(cells.stack[cell]!))?.line;
    const pathOf = (cell: number): object[] => stacks.linesOf(cells.stack[cell]!);
    this.helpers = new HelperWork(cells, threads, lineOf, pathOf, (sample, cell, row) =>
      this.#chargeHelper(sample, cell, row),
    );
  }

  /** A helper's CPU time moves to the cell that it worked for, so that the sum of all costs stays the same. */
  #chargeHelper(sample: Helped, cell: number | undefined, row: Float64Array): void {
    this.observer?.helped(sample, cell, row);
    if (cell === undefined) {
      this.offLine.add(sample.cpuNs, this.cells.leaf(sample.cell));
      return;
    }
    this.cells.add(cell, row);
    const { helpersOf, total } = this;
    const known = helpersOf.get(cell) ?? new Set();
    helpersOf.set(cell, known.add(sample.thread.id));
    const part = row[costRow.helper]! / sample.cpuNs;
    for (const index of [costRow.python, costRow.runtime, costRow.native, costRow.system]) {
      total[index]! -= sample.cost[index]! * part;
    }
    total[costRow.helper]! += row[costRow.helper]!;
    total[costRow.unsure]! += row[costRow.unsure]!;
    total[costRow.after]! += row[costRow.after]!;
  }

  /** Takes a sample and returns its thread. */
  sample(sample: SampleRecord): ThreadFeed {
    const thread = this.#threadOf(sample.thread);
    const running = sample.state === 'running';
    const system = takeSystem(thread.pool, sample);
    // A sample that is mostly kernel time, such as page faults, is drawn as system time even outside system calls.
    const top: CellTop = !running
      ? sample.state === 'gil'
        ? 'gil'
        : 'wait'
      : sample.inSyscall || system * 2 > sample.cpuNs
        ? 'system'
        : 'running';
    const cell = this.cellOf(sample, top);
    const isStacklessRemainder = sample.remainder && sample.stack === 0;
    const work = isStacklessRemainder ? thread.lastWork : this.cells.work(cell);
    const cost = sampleCost(sample, system, work);
    this.cells.add(cell, cost);
    addRow(this.total, 0, cost, 0);
    if (this.cells.stack[cell] === 0) {
      const leaf = this.cells.leaf(cell);
      if (leaf?.foreign && thread.tid !== this.#mainTid && sample.cpuNs > 0) {
        if (sample.settled) this.helpers.saw(thread, cell);
        else {
          this.observer?.deferred(sample);
          this.helpers.sample(thread, cell, sample, cost);
        }
      } else if (!sample.settled) {
        this.offLine.add(sample.cpuNs, leaf);
      }
      if (!thread.isNamed && leaf?.foreign) {
        // A thread without a name that is in a library before it is in Python is taken to be that library's.
        thread.name = `${libraryName(leaf.foreign.module)} thread ${thread.tid}`;
        thread.isNamed = true;
      }
    }
    if (running && !isStacklessRemainder) {
      thread.lastWork = work;
    }
    thread.runsPython ||= this.cells.stack[cell] !== 0;
    thread.add(cell, sample);
    return thread;
  }

  /** Takes time without a core and returns its thread. */
  queue(record: QueueRecord): ThreadFeed {
    const cell = this.cellOf(record, 'queue');
    const cost = queueCost(record.wallNs);
    this.cells.add(cell, cost);
    addRow(this.total, 0, cost, 0);
    const thread = this.#threadOf(record.thread);
    thread.runsPython ||= this.cells.stack[cell] !== 0;
    thread.addQueue(cell, record.timeNs, record.wallNs);
    return thread;
  }

  /** Takes the work of a helper that was already divided among places. */
  helped(record: HelpedRecord): void {
    const { thread, cpuNs } = record;
    const place = this.cellOf(record, record.top);
    if (cpuNs === 0) return;
    const cost = new Float64Array(costRowLength);
    cost[costRow.python] = record.pythonNs;
    cost[costRow.runtime] = record.runtimeNs;
    cost[costRow.native] = record.nativeNs;
    cost[costRow.system] = record.systemNs;
    const row = new Float64Array(costRowLength);
    row[costRow.helper] = cpuNs;
    row[costRow.unsure] = record.unsureNs;
    row[costRow.after] = record.afterNs;
    row[costRow.samples] = record.samples;
    const sample = { thread: this.#threadOf(thread), number: thread, cell: place, cpuNs, cost };
    this.#chargeHelper(sample, record.stack === 0 ? undefined : place, row);
  }

  /** The cell of a place, as far as the recording describes that place. */
  cellOf(place: Pick<SampleRecord, 'stack' | 'native' | 'opcode'>, top: CellTop): number {
    const stack = this.#stacks.has(place.stack) ? place.stack : 0;
    const leaf = this.#natives.idOf(place.native);
    if (stack !== place.stack || (place.native !== 0 && leaf === 0)) {
      this.foreign++;
    }
    const kind = leaf !== 0 ? callKind(this.hexversion, place.opcode) : 'none';
    const cell = this.cells.find(stack, leaf, kind, top);
    this.observer?.placed(cell, place, top);
    return cell;
  }
}
