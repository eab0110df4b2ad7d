/**
 * What one process did with GPUs: takes its records, and charges lines for the time that GPUs were busy.
 *
 * The driver says how busy a GPU was in a stretch of time, not with what. That time is divided among the places where
 * threads were in that stretch, by how long each was there, running or waiting. Threads that were ever searched in the CUDA
 * driver are asked first; only where none of these ran Python is it divided among all.
 */
import type { Cells } from './cells';
import { withRoom } from '../../recording/arrays';
import { GpuTimeline } from './gpuTimeline';
import type { LineCosts } from './lineCosts';
import type { PythonStacks } from '../stacks/pythonStacks';
import type { Writable } from '../writable';
import type { GpuDeviceRecord, GpuUseRecord } from '../../recording/gpuRecords';
import type { ThreadFeed } from './threadFeed';
import type { GpuDevice, ProcessGpu } from '../types';

/** The waiting of a thread is recorded at most this long after it, ns. */
const longestDelay = 500e6;
/** File names of the CUDA driver and of the libraries that call it. */
const driver = /^libcuda(rt)?[.\-_]/;

/** The GPU records of one process; part of its Reading. */
export class GpuFeed {
  readonly #devices = new Map<number, Writable<GpuDevice>>();
  readonly #bytes = new Map<number, number>();
  readonly #timeline = new GpuTimeline();
  #peakBytes: number | null = null;
  #costNs = 0;
  /** By device: the end of the last stretch of time that was recorded. */
  readonly #until = new Map<number, number>();
  /** Uses during which samples of threads may still be missing. */
  #pending: GpuUseRecord[] = [];
  /**
   * By cell: GPU time not yet charged to lines, ns; and whether its native frames are in the driver: 1 yes, 2 no, 0
   * not found out yet.
   */
  #fresh = new Float64Array(0);
  #isDriver = new Uint8Array(0);
  readonly #dirty = new Set<number>();
  /** By thread: how many of its rows were searched, and whether one of them was in the driver. */
  readonly #searched = new Map<ThreadFeed, { rows: number; isUser: boolean }>();

  constructor(
    private readonly lines: LineCosts,
    private readonly stacks: PythonStacks,
    private readonly cells: Cells,
    private readonly threads: ReadonlyMap<number, ThreadFeed>,
    /** Called with each cell that kept a GPU busy, and for how long. */
    private readonly divided?: (cell: number, ns: number) => void,
  ) {}

  record(record: GpuDeviceRecord | GpuUseRecord): void {
    if (record.kind === 'gpuDevice') {
      const known = this.#device(record.device);
      known.name = record.name;
      known.totalBytes = record.bytes || null;
    } else {
      this.#use(record);
    }
  }

  /** Charges lines with the uses for which all samples have come by now. isFinal: nothing more will come. */
  settle(nowNs: number, isFinal: boolean): void {
    const waiting: GpuUseRecord[] = [];
    this.#findUsers();
    for (const use of this.#pending) {
      if (isFinal || use.endNs + longestDelay <= nowNs) {
        this.#divide(use);
      } else {
        waiting.push(use);
      }
    }
    this.#pending = waiting;
    for (const cell of [...this.#dirty]) {
      const stack = this.cells.stack[cell]!;
      if (isFinal || this.stacks.isComplete(stack)) {
        this.#charge(stack, this.#fresh[cell]!);
        this.#fresh[cell] = 0;
        this.#dirty.delete(cell);
      }
    }
  }

  info(): ProcessGpu {
    const devices = [...this.#devices.values()].sort((a, b) => a.index - b.index);
    return {
      busyNs: sumKnown(devices.map(({ busyNs }) => busyNs)),
      peakBytes: this.#peakBytes,
      costNs: this.#costNs,
      devices: devices.map((device) => ({ ...device })),
      timeline: this.#timeline.points(),
    };
  }

  #device(index: number): Writable<GpuDevice> {
    let device = this.#devices.get(index);
    if (!device) {
      device = { index, name: 'GPU', totalBytes: null, busyNs: null, peakBytes: null };
      this.#devices.set(index, device);
    }
    return device;
  }

  #use(use: GpuUseRecord): void {
    const device = this.#device(use.device);
    this.#costNs = Math.max(this.#costNs, use.costNs);
    if (use.busyNs !== null) {
      // A device's stretches of time follow one another, so an overlap is counted once. Busy for longer than the
      // stretch is damage.
      const { endNs } = use;
      const startNs = Math.min(endNs, Math.max(use.startNs, this.#until.get(use.device) ?? 0));
      this.#until.set(use.device, Math.max(endNs, this.#until.get(use.device) ?? 0));
      const busyNs = Math.min(use.busyNs, endNs - startNs);
      device.busyNs = (device.busyNs ?? 0) + busyNs;
      this.#timeline.busy(startNs, endNs, busyNs);
      if (busyNs > 0 && !use.settled) {
        this.#pending.push({ ...use, startNs, busyNs });
      }
    }
    if (use.bytes !== null) {
      device.peakBytes = Math.max(device.peakBytes ?? 0, use.bytes);
      this.#bytes.set(use.device, use.bytes);
      const all = [...this.#bytes.values()].reduce((sum, bytes) => sum + bytes, 0);
      this.#peakBytes = Math.max(this.#peakBytes ?? 0, all);
      this.#timeline.bytes(use.endNs, all);
    }
  }

  /** Finds out which threads have been in the driver, from the rows since the last call. */
  #findUsers(): void {
    for (const thread of this.threads.values()) {
      const searched = this.#searched.get(thread) ?? { rows: 0, isUser: false };
      // Old rows may have been merged since, so that there are fewer.
      const { merged, rowCount, rowCell } = thread;
      while (!searched.isUser && searched.rows < rowCount + merged) {
        searched.isUser = this.#isInDriver(rowCell[Math.max(0, searched.rows++ - merged)]!);
      }
      this.#searched.set(thread, searched);
    }
  }

  #isInDriver(cell: number): boolean {
    this.#isDriver = withRoom(this.#isDriver, cell + 1);
    if (this.#isDriver[cell] === 0) {
      const chain = this.cells.leaf(cell)?.chain ?? [];
      this.#isDriver[cell] = chain.some(({ module }) => driver.test(module)) ? 1 : 2;
    }
    return this.#isDriver[cell] === 1;
  }

  #divide(use: GpuUseRecord): void {
    const all = [...this.threads.values()];
    const users = all.filter((thread) => this.#searched.get(thread)?.isUser);
    const places = [users, all]
      .map((threads) => threads.flatMap((thread) => this.#placesOf(thread, use)))
      .find(({ length }) => length > 0);
    const whole = (places ?? []).reduce((sum, { ns }) => sum + ns, 0);
    for (const { cell, ns } of places ?? []) {
      this.add(cell, (use.busyNs! * ns) / whole);
    }
  }

  /** Adds GPU time to a cell. */
  add(cell: number, ns: number): void {
    this.#fresh = withRoom(this.#fresh, cell + 1);
    this.#fresh[cell]! += ns;
    this.#dirty.add(cell);
    this.divided?.(cell, ns);
  }

  /** The cells that a thread was in during a use, and for how long. */
  #placesOf(thread: ThreadFeed, { startNs, endNs }: GpuUseRecord): { cell: number; ns: number }[] {
    const { rowStart, rowWall, rowCell, rowCount } = thread;
    const places: { cell: number; ns: number }[] = [];
    // Rows are in order of time, so the first one that ends after the start is found by halving.
    let low = 0;
    for (let high = rowCount; low < high;) {
      const middle = (low + high) >> 1;
      if (rowStart[middle]! + rowWall[middle]! <= startNs) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    for (let row = low; row < rowCount && rowStart[row]! < endNs; row++) {
      const cell = rowCell[row]!;
      const until = Math.min(endNs, rowStart[row]! + rowWall[row]!);
      const ns = until - Math.max(startNs, rowStart[row]!);
      if (ns > 0 && this.cells.stack[cell] !== 0) {
        places.push({ cell, ns });
      }
    }
    return places;
  }

  #charge(stack: number, ns: number): void {
    const innermost = this.stacks.visible(stack);
    this.lines.nextStack();
    for (let at = innermost; at !== 0; at = this.stacks.parentOf(at)) {
      const frame = this.stacks.frame(at);
      if (frame) {
        this.lines.addGpu(frame.line, frame.function, ns, at === innermost);
      }
    }
  }
}

/** The sum of the known values; null if none is known. */
function sumKnown(values: readonly (number | null)[]): number | null {
  return values.reduce((sum, value) => (value === null ? sum : (sum ?? 0) + value), null);
}

/** Joins the GPUs of the programs that one process ran, or of several processes. sinceStart: when each began, ns. */
export function joinGpus(
  images: readonly { gpu: ProcessGpu; sinceStart: number }[],
  peakOf: 'one' | 'all',
): ProcessGpu {
  const devices = new Map<number, Writable<GpuDevice>>();
  const peak = (a: number | null, b: number | null): number | null =>
    peakOf === 'all' || a === null || b === null ? sumKnown([a, b]) : Math.max(a, b);
  for (const { gpu } of images) {
    for (const device of gpu.devices) {
      const known = devices.get(device.index);
      devices.set(device.index, {
        ...device,
        busyNs: sumKnown([known?.busyNs ?? null, device.busyNs]),
        peakBytes: peak(known?.peakBytes ?? null, device.peakBytes),
      });
    }
  }
  return {
    busyNs: sumKnown(images.map(({ gpu }) => gpu.busyNs)),
    peakBytes: images.map(({ gpu }) => gpu.peakBytes).reduce(peak, null),
    costNs: images.reduce((sum, { gpu }) => sum + gpu.costNs, 0),
    devices: [...devices.values()].sort((a, b) => a.index - b.index),
    timeline: images.flatMap(({ gpu, sinceStart }) =>
      gpu.timeline.map((point) => ({ ...point, ns: point.ns + sinceStart })),
    ),
  };
}
