/** Makes recordings in memory, for tests of what is built from them. */
import { ProfileBuilder, type ProcessFeed } from '../../profile/feed/builder';
import type { AllocationRecord } from '../../recording/memoryRecords';
import type {
  ModuleKind,
  QueueRecord,
  RecordingHeader,
  SampleRecord,
  StreamRecord,
} from '../../recording/records';
import { sample } from './serverRecording';

export const ms = 1e6;
/** When made-up processes start, ns. */
export const startNs = 5_000 * ms;

export const header: RecordingHeader = {
  major: 1,
  minor: 0,
  headerSize: 128,
  committed: 0,
  pid: 100,
  ppid: 1,
  startMonotonicNs: startNs,
  startUnixNs: 1.7e18,
  intervalNs: ms,
  state: 'recording',
  whyFull: 0,
  heartbeatNs: startNs,
  processCpuNs: 0,
};

/** CALL_FUNCTION and BINARY_ADD of 3.9, where any call is generic. */
export const callOpcode = 131;
export const addOpcode = 23;

/** A 3.9 table where byte 2n of the code is on line first + n. */
export const everyLine = Uint8Array.from([0, 0, ...Array<number[]>(60).fill([2, 1]).flat()]);

/** A process of Python 3.9 to feed; functions are lists of names, frames say which line of theirs runs. */
export class Program {
  readonly builder: ProfileBuilder;
  readonly feed: ProcessFeed;
  readonly #header: RecordingHeader;
  #now = 0;
  #allocations = 0;
  #codes = new Map<string, number>();
  #stacks = new Map<string, number>();
  #modules = new Map<string, number>();
  #natives = new Map<string, number>();
  #names: string[] = [];

  constructor(
    over: Partial<RecordingHeader> = {},
    builder?: ProfileBuilder,
    argv: string[] = ['python3', 'a.py'],
  ) {
    this.builder = builder ?? new ProfileBuilder((_, offset) => this.#names[offset]);
    this.#header = { ...header, ...over };
    this.feed = this.builder.addProcess(this.#header);
    this.record({
      kind: 'process',
      hexversion: 0x030912f0,
      engine: 'native',
      pythonVersion: '3.9.18',
      executable: '/usr/bin/python3',
      cwd: '/project',
      argv,
      architecture: 'x86_64',
    });
  }

  record(record: StreamRecord): void {
    this.feed.record(record);
  }

  thread(thread: number, tid: number, name = '', startNs = 0, makerTid = 0): void {
    this.record({ kind: 'thread', thread, tid, startNs, name, makerTid });
  }

  /**
   * A stack from the outermost frame: `a.py:main:1:3` is line 3 of main, which starts at line 1. A number is the native
   * chain below the frame that follows.
   */
  stack(...frames: (string | number)[]): number {
    let parent = 0;
    let between = 0;
    let key = '';
    for (const frame of frames) {
      key += `|${frame}`;
      if (typeof frame === 'number') {
        between = frame;
        continue;
      }
      let id = this.#stacks.get(key);
      if (id === undefined) {
        const [file, name, first, line] = frame.split(':') as [string, string, string, string];
        id = this.#stacks.size + 1;
        this.#stacks.set(key, id);
        const code = this.code(file, name, Number(first));
        const instruction = (Number(line) - Number(first)) * 2;
        this.record({ kind: 'stack', parent, code, instruction, between });
      }
      parent = id;
      between = 0;
    }
    return parent;
  }

  code(file: string, name: string, firstLine: number): number {
    const key = `${file}:${name}:${firstLine}`;
    let code = this.#codes.get(key);
    if (code === undefined) {
      code = 1000 + this.#codes.size;
      this.#codes.set(key, code);
      this.record({
        kind: 'code',
        code,
        firstLine,
        filename: file,
        name,
        qualname: '',
        lineTable: everyLine,
      });
    }
    return code;
  }

  /** A native chain from the eval loop outwards: `libc:memcpy`, `other:dgemm`, `interpreter:?` (no name), `cuda:cuInit` (the CUDA driver). */
  native(...frames: string[]): number {
    let parent = 0;
    let key = '';
    for (const frame of frames) {
      key += `|${frame}`;
      let id = this.#natives.get(key);
      if (id === undefined) {
        const [library, name] = frame.split(':') as [string, string];
        const module = this.#module(library);
        id = this.#natives.size + 1;
        this.#natives.set(key, id);
        const offset = name === '?' ? 0xdead : this.#names.push(name) - 1;
        this.record({ kind: 'native', parent, module, offset, exact: name !== '?' });
      }
      parent = id;
    }
    return parent;
  }

  /** One sample of 1 ms, right after the one before unless it says otherwise. */
  sample(over: Partial<SampleRecord> = {}): void {
    const wallNs = over.wallNs ?? ms;
    this.#now = over.timeNs ?? this.#now + wallNs;
    const opcode = over.native ? callOpcode : -1;
    this.record(sample({ timeNs: this.#now, wallNs, opcode, ...over }));
  }

  /** Time without a core, after whatever came before. */
  queue(over: Partial<QueueRecord> & { wallNs: number }): void {
    this.#now = over.timeNs ?? this.#now + over.wallNs;
    const opcode = over.native ? callOpcode : -1;
    this.record({
      kind: 'queue',
      thread: 1,
      timeNs: this.#now,
      stack: 0,
      native: 0,
      opcode,
      ...over,
    });
  }

  /** The process calls exec. cpuMs: its CPU time as the system counts it. */
  exec(cpuMs: number): void {
    this.feed.header({ ...this.#header, state: 'closed', processCpuNs: cpuMs * ms });
    this.feed.finish('ended');
  }

  /** The process exits. */
  end(exit: number, cpuMs: number): void {
    const timeNs = this.#now;
    this.record({ kind: 'end', timeNs, exit, processCpuNs: cpuMs * ms, peakBytes: 0 });
    this.feed.finish('ended');
  }

  /** An allocation, recorded for sure unless it has a period. Returns its number, for free(). */
  allocate(over: Partial<AllocationRecord> & { size: number }): number {
    this.#now = over.timeNs ?? this.#now;
    this.record({
      kind: 'allocation',
      thread: 1,
      timeNs: this.#now,
      source: 'malloc',
      grown: over.size,
      period: 0,
      stack: 0,
      native: 0,
      opcode: over.native ? callOpcode : -1,
      ...over,
    });
    return ++this.#allocations;
  }

  free(allocation: number, timeNs = this.#now): void {
    this.#now = timeNs;
    this.record({ kind: 'free', allocation, timeNs });
  }

  samples(count: number, over: Partial<SampleRecord>): void {
    for (let left = count; left > 0; left--) {
      this.sample(over);
    }
  }

  /** name: a kind of module, `cuda`, or the path of another library. */
  #module(name: string): number {
    let id = this.#modules.get(name);
    if (id === undefined) {
      id = this.#modules.size + 1;
      this.#modules.set(name, id);
      const path = name === 'cuda' ? '/usr/lib/libcuda.so.1' : `/usr/lib/${name}.so`;
      const isPath = name.startsWith('/');
      this.record({
        kind: 'module',
        moduleKind: isPath || name === 'cuda' ? 'other' : (name as ModuleKind),
        bias: 0,
        path: isPath ? name : path,
        buildId: new Uint8Array(0),
      });
    }
    return id;
  }
}
