/** Records of every kind with random fields. Not all of them make sense together: they are for what encodes and decodes. */
import { allocationSources, moduleKinds, sampleStates, severities } from '../../recording/codes';
import { cellTops } from '../../recording/records';
import type { Kind, RecordOf } from '../../recording/table';
import { below } from './random';

type Random = () => number;

const pick = <T>(random: Random, from: readonly T[]): T => from[below(random, from.length)]!;
const no = (random: Random): boolean => below(random, 2) === 0;
/** From one byte to as long as numbers are exact. */
const whole = (random: Random): number => Math.floor(random() * 2 ** below(random, 53));
/** A time, which is written as a difference: twice the difference must be exact as well. */
const time = (random: Random): number => Math.floor(random() * 2 ** below(random, 51));
const signed = (random: Random): number => (no(random) ? time(random) : -1 - time(random));
const estimate = (random: Random): number => (random() - 0.5) * 2 ** below(random, 100);
const maybe = (random: Random): number | null => (no(random) ? null : whole(random));
const text = (random: Random): string =>
  pick(random, ['', 'a', 'é', '日本', '😀', 'x'.repeat(300)]);
const many = <T>(random: Random, make: (random: Random) => T): T[] =>
  Array.from({ length: below(random, 4) }, () => make(random));
const bytes = (random: Random): Uint8Array =>
  Uint8Array.from({ length: below(random, 200) }, () => below(random, 256));
function place(random: Random): { stack: number; native: number; opcode: number } {
  const native = no(random) ? 0 : 1 + whole(random);
  return { stack: whole(random), native, opcode: native === 0 ? -1 : below(random, 256) };
}

/** One of each kind. */
export const randomRecords: { [K in Kind]: (random: Random) => RecordOf<K> } = {
  process: (random) => ({
    kind: 'process',
    hexversion: whole(random),
    engine: text(random),
    pythonVersion: text(random),
    executable: text(random),
    cwd: text(random),
    argv: many(random, text),
    architecture: text(random),
  }),
  thread: (random) => ({
    kind: 'thread',
    thread: whole(random),
    tid: whole(random),
    startNs: whole(random),
    name: text(random),
    makerTid: whole(random),
  }),
  threadEnd: (random) => ({
    kind: 'threadEnd',
    thread: whole(random),
    endNs: whole(random),
    cpuNs: whole(random),
  }),
  code: (random) => ({
    kind: 'code',
    code: whole(random),
    firstLine: whole(random),
    filename: text(random),
    name: text(random),
    qualname: text(random),
    lineTable: bytes(random),
  }),
  stack: (random) => ({
    kind: 'stack',
    parent: whole(random),
    code: whole(random),
    instruction: signed(random),
    between: whole(random),
  }),
  module: (random) => ({
    kind: 'module',
    moduleKind: pick(random, moduleKinds),
    bias: whole(random),
    path: text(random),
    buildId: bytes(random),
  }),
  native: (random) => ({
    kind: 'native',
    parent: whole(random),
    module: whole(random),
    offset: whole(random),
    exact: no(random),
  }),
  sample: (random) => ({
    kind: 'sample',
    thread: whole(random),
    state: pick(random, sampleStates),
    inSyscall: no(random),
    truncated: no(random),
    nativeIncomplete: no(random),
    noPython: no(random),
    remainder: no(random),
    timeNs: time(random),
    cpuNs: whole(random),
    wallNs: whole(random),
    systemNs: whole(random),
    ...place(random),
    ...(no(random) && { count: 2 + whole(random) }),
    ...(no(random) && { settled: true as const }),
  }),
  queue: (random) => ({
    kind: 'queue',
    thread: whole(random),
    timeNs: time(random),
    wallNs: whole(random),
    ...place(random),
  }),
  stats: (random) => ({
    kind: 'stats',
    timeNs: whole(random),
    processCpuNs: whole(random),
    agentCpuNs: whole(random),
    samples: whole(random),
    ticks: whole(random),
    dropped: whole(random),
    rejected: whole(random),
    late: whole(random),
    queueNs: maybe(random),
  }),
  end: (random) => ({
    kind: 'end',
    timeNs: whole(random),
    exit: pick(random, [null, 0, 1, 255, -9, -64]),
    processCpuNs: whole(random),
    peakBytes: whole(random),
  }),
  childEnd: (random) => ({
    kind: 'childEnd',
    timeNs: whole(random),
    pid: whole(random),
    signal: whole(random),
    byParent: no(random),
  }),
  note: (random) => ({ kind: 'note', severity: pick(random, severities), text: text(random) }),
  allocation: (random) => ({
    kind: 'allocation',
    thread: whole(random),
    timeNs: time(random),
    source: pick(random, allocationSources),
    size: whole(random),
    grown: whole(random),
    period: whole(random),
    ...place(random),
    ...(no(random) && { reserved: true as const }),
  }),
  touched: (random) => ({
    kind: 'touched',
    timeNs: whole(random),
    allocation: whole(random),
    bytes: whole(random),
  }),
  free: (random) => ({ kind: 'free', timeNs: time(random), allocation: whole(random) }),
  copy: (random) => ({
    kind: 'copy',
    thread: whole(random),
    timeNs: time(random),
    size: whole(random),
    period: whole(random),
    ...place(random),
  }),
  footprint: (random) => ({ kind: 'footprint', timeNs: time(random), resident: whole(random) }),
  memorySum: (random) => ({
    kind: 'memorySum',
    timeNs: whole(random),
    ...place(random),
    records: whole(random),
    firstNs: whole(random),
    lastNs: whole(random),
    change: {
      allocated: estimate(random),
      allocations: no(random) ? 0 : estimate(random),
      python: no(random) ? 0 : estimate(random),
      copied: no(random) ? 0 : estimate(random),
      reserved: no(random) ? 0 : estimate(random),
      live: no(random) ? 0 : estimate(random),
      variance: no(random) ? 0 : estimate(random),
      liveVariance: no(random) ? 0 : estimate(random),
    },
  }),
  block: (random) => ({
    kind: 'block',
    allocation: whole(random),
    ...place(random),
    bytes: estimate(random),
    variance: estimate(random),
    ...(no(random) && {
      reserved: {
        size: whole(random),
        seen: random(),
        before: whole(random),
        most: whole(random),
      },
    }),
  }),
  helped: (random) => ({
    kind: 'helped',
    thread: whole(random),
    ...place(random),
    top: pick(random, cellTops),
    cpuNs: whole(random),
    unsureNs: whole(random),
    afterNs: whole(random),
    samples: whole(random),
    runtimeNs: whole(random),
    pythonNs: whole(random),
    nativeNs: whole(random),
    systemNs: whole(random),
  }),
  gpuPlace: (random) => ({ kind: 'gpuPlace', ...place(random), ns: whole(random) }),
  thinned: (random) => ({
    kind: 'thinned',
    untilNs: whole(random),
    stretchNs: whole(random),
    batch: whole(random),
    lastSampleNs: time(random),
    lastMemoryNs: time(random),
    allocations: whole(random),
    uncharged: many(random, () => ({ thread: whole(random), systemNs: signed(random) })),
  }),
  gpuDevice: (random) => ({
    kind: 'gpuDevice',
    device: whole(random),
    bytes: whole(random),
    name: text(random),
  }),
  gpuUse: (random) => {
    const startNs = time(random);
    return {
      kind: 'gpuUse',
      device: whole(random),
      startNs,
      endNs: startNs + time(random),
      busyNs: maybe(random),
      bytes: maybe(random),
      costNs: whole(random),
      ...(no(random) && { settled: true as const }),
    };
  },
};
