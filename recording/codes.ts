/** The words for numbers in records: a number is the position of its word in one of these lists. */
import type { AllocationSource, MemoryFigures } from './memoryRecords';
import type { ModuleKind, SampleState, Severity } from './records';

export const moduleKinds: readonly ModuleKind[] = [
  'other',
  'interpreter',
  'libc',
  'agent',
  'anonymous',
];
export const severities: readonly Severity[] = ['information', 'warning', 'error'];
export const allocationSources: readonly AllocationSource[] = ['malloc', 'python', 'mapped'];
export const sampleStates: readonly SampleState[] = ['running', 'waiting', 'gil'];
/** Bits of a SAMPLE's flags, above the two bits of its state; SampleRecord says what each means. */
export const sampleFlags = {
  inSyscall: 4,
  truncated: 8,
  nativeIncomplete: 16,
  noPython: 32,
  remainder: 64,
  settled: 128,
} as const;
/** The figures of a MEMORY_SUM, by the bits of its mask, bit 0 first. */
export const memoryFigures = [
  'allocated',
  'allocations',
  'python',
  'copied',
  'reserved',
  'live',
  'variance',
  'liveVariance',
] as const satisfies readonly (keyof MemoryFigures)[];
