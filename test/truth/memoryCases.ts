/**
 * Programs that know what their own lines allocate, hold and copy. The expected value is a fact that the program wrote, in
 * bytes. Marks are as in cases.ts.
 */

/** Kinds of a line's bytes: allocated in total, held at the end, held at the peak, copied. */
export type Bytes = 'allocated' | 'growth' | 'peak' | 'copied';

export type MemoryQuantity =
  | {
      type: 'line';
      mark: string;
      what: Bytes;
      /** The program's name for the true value. */
      fact: string;
      /** The expected value is 0; the error is a percentage of the fact. */
      none?: boolean;
      /** Largest error that passes, percent of the fact. */
      allowed: number;
    }
  /** The line's part of what the whole program holds at the end, which has to be at least `allowed` percent. */
  | { type: 'most growth'; mark: string; allowed: number }
  /** The part of what the line allocated that Python's own allocators gave, 0 to 1. */
  | { type: 'python'; mark: string; part: 0 | 1; allowed: number }
  | { type: 'leak'; mark: string; leaks: boolean }
  /** How fast a line leaks, bytes per second. */
  | { type: 'leak rate'; mark: string; fact: string; allowed: number }
  /** The highest live bytes of the program; the allowed error includes imports. */
  | { type: 'peak'; fact: string; allowed: number }
  /** Resident bytes at a moment of the run, `${fact} at`. */
  | { type: 'resident'; fact: string; allowed: number }
  /** The largest resident size. */
  | { type: 'peak resident'; fact: string; allowed: number };

export interface MemoryCase {
  name: string;
  /** A file of test/truth/programs. Its arguments: path of the answers, CPU seconds, path of the compiled helper. */
  program: string;
  numpy?: boolean;
  /** The program first runs bare with the additional argument `traced`, and writes facts. */
  traced?: boolean;
  quantities: MemoryQuantity[];
}

function line(mark: string, what: Bytes, fact: string, allowed: number): MemoryQuantity {
  return { type: 'line', mark, what, fact, allowed };
}
/** The line has no bytes of this kind; the error is a percentage of a fact. */
function none(mark: string, what: Bytes, fact: string, allowed: number): MemoryQuantity {
  return { type: 'line', mark, what, fact, none: true, allowed };
}
/** The line keeps everything that it allocates. */
function kept(mark: string, fact: string, allowed: number): MemoryQuantity[] {
  return [line(mark, 'allocated', fact, allowed), line(mark, 'growth', fact, allowed)];
}
function noLeak(mark: string): MemoryQuantity {
  return { type: 'leak', mark, leaks: false };
}
function python(mark: string, part: 0 | 1): MemoryQuantity {
  return { type: 'python', mark, part, allowed: 2 };
}

/** Marks of lines that keep 60 MB or more. */
const kinds = ['strings', 'lists', 'tuples', 'dict', 'dicts', 'set', 'objects', 'grown lists'];
const cBlocks = [
  'malloc',
  'small malloc',
  'calloc',
  'memalign',
  'aligned_alloc',
  'posix_memalign',
  'mmap',
];

export const memoryCases: MemoryCase[] = [
  {
    name: 'kept blocks',
    program: 'kept_blocks.py',
    quantities: [
      ...kept('large', 'large', 5),
      ...kept('small', 'small', 5),
      python('large', 1),
      python('small', 1),
    ],
  },
  {
    name: 'leak',
    program: 'leak.py',
    quantities: [
      { type: 'leak', mark: 'leak', leaks: true },
      { type: 'leak rate', mark: 'leak', fact: 'rate', allowed: 10 },
      ...kept('leak', 'leak', 5),
      { type: 'most growth', mark: 'leak', allowed: 95 },
      noLeak('passing'),
      line('passing', 'allocated', 'passing', 5),
      none('passing', 'growth', 'leak', 1),
    ],
  },
  {
    name: 'realloc in C',
    program: 'c_realloc.py',
    quantities: [
      ...['large steps', 'small steps', 'from Python'].flatMap((mark) => [
        ...kept(mark, 'grown', 2),
        python(mark, 0),
      ]),
      line('shrunk', 'allocated', 'grown', 2),
      line('shrunk', 'growth', 'quarter', 2),
      line('freed', 'allocated', 'grown', 2),
      none('freed', 'growth', 'grown', 0.1),
    ],
  },
  {
    name: 'blocks in C',
    program: 'c_blocks.py',
    quantities: [
      // Half a second of CPU time pays for few samples.
      ...cBlocks.flatMap((mark) => [...kept(mark, 'kept', 10), python(mark, 0)]),
      none('reserve', 'allocated', 'kept', 1),
      line('passing', 'allocated', 'passing', 10),
      none('passing', 'growth', 'passing', 0.1),
    ],
  },
  {
    name: 'burst',
    program: 'burst.py',
    quantities: ['medium', 'large'].flatMap((mark) => [
      // Only as many allocations are recorded as the buffer holds, so the estimate is rough but unbiased.
      line(mark, 'allocated', mark, 25),
      none(mark, 'growth', mark, 0.01),
    ]),
  },
  {
    name: 'small objects',
    program: 'small_objects.py',
    traced: true,
    quantities: kinds.flatMap((mark) => [line(mark, 'growth', mark, 5), python(mark, 1)]),
  },
  {
    name: 'numpy, touched or not',
    program: 'numpy_touched.py',
    numpy: true,
    quantities: [
      ...['untouched', 'half', 'touched'].flatMap((mark) => [
        line(mark, 'allocated', 'array', 1),
        none(mark, 'growth', 'array', 0.1),
      ]),
      { type: 'resident', fact: 'resident, untouched', allowed: 5 },
      { type: 'resident', fact: 'resident, half touched', allowed: 5 },
      { type: 'resident', fact: 'resident, touched', allowed: 5 },
      { type: 'peak resident', fact: 'resident at most', allowed: 1 },
    ],
  },
  {
    name: 'copies',
    program: 'copies.py',
    quantities: [
      'large slices',
      'slices',
      'small slices',
      'bytearray slices',
      'bytes of a bytearray',
      'assigned',
      'memmove',
      'memcpy',
      'join',
    ].map((mark) => line(mark, 'copied', 'copied', 10)),
  },
  {
    name: 'numpy copies',
    program: 'numpy_copies.py',
    numpy: true,
    quantities: ['copy', 'small copy', 'assigned', 'tobytes'].map((mark) =>
      line(mark, 'copied', 'copied', 10),
    ),
  },
  {
    name: 'peak',
    program: 'peak.py',
    quantities: [
      line('base', 'peak', 'base', 5),
      line('base', 'growth', 'base', 5),
      line('large', 'peak', 'large', 5),
      none('large', 'growth', 'large', 1),
      line('small', 'peak', 'small', 5),
      none('small', 'growth', 'small', 1),
      none('before', 'peak', 'peak', 1),
      none('late', 'peak', 'peak', 1),
      line('late', 'growth', 'late', 5),
      { type: 'peak', fact: 'peak', allowed: 10 },
    ],
  },
  {
    name: 'handed over',
    program: 'handed_over.py',
    quantities: ['large', 'small'].flatMap((mark) => [
      line(mark, 'allocated', mark, 5),
      none(mark, 'growth', mark, 1),
      noLeak(mark),
    ]),
  },
  {
    name: 'steady cache',
    program: 'steady_cache.py',
    quantities: [
      noLeak('store'),
      line('store', 'allocated', 'allocated', 5),
      // 100 MB are held in a thousand blocks; at worst a third of them is sampled.
      line('store', 'growth', 'held', 10),
    ],
  },
  {
    name: 'built in one call',
    program: 'built_in_one_call.py',
    quantities: [noLeak('result'), line('result', 'growth', 'result', 5)],
  },
  {
    name: 'built at the end',
    program: 'built_at_end.py',
    // A program that only allocates pays for few samples.
    quantities: [noLeak('early'), noLeak('result'), line('result', 'growth', 'result', 8)],
  },
];
