/** Compares a profiler's memory figures with what the program knows of its own memory. */
import type { Bytes, MemoryCase, MemoryQuantity } from './memoryCases';

/** A profiler's figures of some lines of the program together. */
export interface LineMemory {
  bytes: Record<Bytes, number>;
  /** The standard errors that the profiler itself expects. */
  errors: { allocated: number; growth: number };
  /** The part of the allocated bytes that came from Python's own allocators, 0 to 1. */
  python: number;
  /** Bytes per second; null for no leak. */
  leak: number | null;
}

export interface MeasuredMemory {
  line(lines: readonly number[]): LineMemory;
  growth: number;
  peak: number;
  peakResident: number;
  /** Resident bytes at a moment, seconds since the process began. */
  residentAt(seconds: number): number;
}

export interface MemoryScore {
  case: string;
  quantity: string;
  expected: number;
  measured: number;
  /** Percent of the expected value or, if that is 0, of the quantity's fact; for shares, points. */
  error: number;
  allowed: number;
  unit: 'bytes' | 'bytes/s' | '%' | 'leaks';
  ok: boolean;
}

/** Scores a profiler on a case. facts are the program's; marks gives the lines of a mark. */
export function scoreMemory(
  { name, quantities }: MemoryCase,
  facts: Readonly<Record<string, number>>,
  measured: MeasuredMemory,
  marks: (mark: string) => number[],
): MemoryScore[] {
  const fact = (wanted: string): number => {
    const known = facts[wanted];
    if (known === undefined) throw new Error(`The program says nothing of “${wanted}”.`);
    return known;
  };
  return quantities.map((quantity) => {
    const compared = compare(quantity, fact, measured, marks);
    const allowed = 'allowed' in quantity ? quantity.allowed : 0;
    // For this type `allowed` is a lower bound, for all others the largest error.
    const ok =
      quantity.type === 'most growth' ? compared.measured >= allowed : compared.error <= allowed;
    return { case: name, quantity: memoryQuantityName(quantity), allowed, ok, ...compared };
  });
}

type Compared = Pick<MemoryScore, 'expected' | 'measured' | 'error' | 'unit'>;

function compare(
  quantity: MemoryQuantity,
  fact: (name: string) => number,
  measured: MeasuredMemory,
  marks: (mark: string) => number[],
): Compared {
  const bytes = (expected: number, measured: number, by = expected): Compared => ({
    expected,
    measured,
    error: (Math.abs(measured - expected) / by) * 100,
    unit: 'bytes',
  });
  const share = (expected: number, part: number): Compared => ({
    expected: expected * 100,
    measured: part * 100,
    error: Math.abs(part - expected) * 100,
    unit: '%',
  });
  switch (quantity.type) {
    case 'line': {
      const { mark, what, none } = quantity;
      const known = fact(quantity.fact);
      return bytes(none ? 0 : known, measured.line(marks(mark)).bytes[what], known);
    }
    case 'most growth':
      return share(1, measured.line(marks(quantity.mark)).bytes.growth / measured.growth);
    case 'python':
      return share(quantity.part, measured.line(marks(quantity.mark)).python);
    case 'leak': {
      const expected = Number(quantity.leaks);
      const found = Number(measured.line(marks(quantity.mark)).leak !== null);
      return { expected, measured: found, error: Math.abs(found - expected), unit: 'leaks' };
    }
    case 'leak rate':
      return {
        ...bytes(fact(quantity.fact), measured.line(marks(quantity.mark)).leak ?? 0),
        unit: 'bytes/s',
      };
    case 'peak':
      return bytes(fact(quantity.fact), measured.peak);
    case 'resident':
      return bytes(fact(quantity.fact), measured.residentAt(fact(`${quantity.fact} at`)));
    case 'peak resident':
      return bytes(fact(quantity.fact), measured.peakResident);
  }
}

/** What a quantity is called in a table. */
export function memoryQuantityName(quantity: MemoryQuantity): string {
  switch (quantity.type) {
    case 'line':
      return `${quantity.mark}: ${quantity.what}`;
    case 'most growth':
      return `${quantity.mark}: part of all growth, at least`;
    case 'python':
      return `${quantity.mark}: Python’s part`;
    case 'leak':
      return `${quantity.mark}: leaks`;
    case 'leak rate':
      return `${quantity.mark}: leaks per second`;
    case 'peak':
      return 'the program: peak';
    case 'resident':
      return quantity.fact;
    case 'peak resident':
      return 'resident, at most';
  }
}
