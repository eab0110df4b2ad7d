/**
 * The cases of the truth suite: programs that know what their own lines cost, and the quantities that a profiler is asked
 * for. Marks are comments in the programs (`# mark: NAME`); a mark on several lines means all of these lines. A mark has the
 * name of the region whose true cost the program measured or, where that cannot be done in place, constructed.
 */

/** Kinds of a line's seconds: CPU in total and by kind, waiting in total and for the interpreter lock. */
export type Kind = 'cpu' | 'python' | 'native' | 'system' | 'wait' | 'gil';

export interface LineQuantity {
  type: 'line';
  mark: string;
  what: Kind;
  /** The region that knows the truth, if its name is not the mark's. */
  region?: string;
  /** What the quantity is a share of: `cpu`, all CPU time of the program; `wait`, all waiting that the program knows of. */
  of: 'cpu' | 'wait';
  /** `self`: only where this is the innermost Python line. `total`: with the line's calls. */
  frames: 'self' | 'total';
  /**
   * The part of the region's CPU time (of all waiting, for waiting) that is of this kind, 0 to 1, if it is known by
   * construction instead of measured by the program.
   */
  part?: number;
  /** Largest error that passes, percentage points. */
  allowed: number;
}

export type Quantity =
  | LineQuantity
  /** CPU time of threads, by the names that the program gives them, as a share of all CPU time. */
  | { type: 'threads'; names: string[]; allowed: number }
  /** CPU time of the process that ran this region, as a share of all CPU time. */
  | { type: 'process'; region: string; allowed: number }
  /** What the profiler's samples add up to, in percent of what the threads' own clocks say. */
  | { type: 'sampled'; allowed: number }
  /** What the profiler says its processes used, in percent of what the operating system says. */
  | { type: 'processes'; allowed: number }
  /** The kernel's part of all CPU time; the truth is the operating system's own split, which is sampled too. */
  | { type: 'system'; allowed: number }
  /** A number that the program counts, and that has to be 0. */
  | { type: 'count'; fact: string };

export interface Case {
  name: string;
  /** A file of test/truth/programs. Its arguments: path of the answers, CPU seconds, path of the compiled helper. */
  program: string;
  numpy?: boolean;
  quantities: Quantity[];
}

/** The error allowed for a share: with 250 samples a second over 8 s, one standard deviation is at most 1.1 points. */
const points = 3;

function share(mark: string, frames: 'self' | 'total' = 'self'): LineQuantity {
  return { type: 'line', mark, what: 'cpu', of: 'cpu', frames, allowed: points };
}
/** All of the lines' CPU time is of this kind. */
function all(mark: string, what: Kind, frames: 'self' | 'total' = 'self'): LineQuantity {
  return { ...share(mark, frames), what, part: 1 };
}
/** None of the lines' CPU time is of this kind. */
function none(mark: string, what: Kind, frames: 'self' | 'total' = 'self'): LineQuantity {
  return { ...share(mark, frames), what, part: 0 };
}
function waits(mark: string): LineQuantity {
  return { type: 'line', mark, what: 'wait', of: 'wait', frames: 'self', allowed: points };
}
/** These lines only compute, and have no waiting. */
function waitsNever(mark: string): LineQuantity {
  return { ...waits(mark), part: 0 };
}

const totals: Quantity[] = [
  { type: 'sampled', allowed: 1 },
  { type: 'processes', allowed: 1 },
];

export const cases: Case[] = [
  {
    name: 'numpy line',
    program: 'numpy_line.py',
    numpy: true,
    quantities: [
      share('multiply'),
      all('multiply', 'native'),
      share('trivial'),
      share('alone'),
      all('alone', 'python'),
      ...totals,
    ],
  },
  {
    name: 'big integers',
    program: 'big_integers.py',
    quantities: [
      share('multiply'),
      all('multiply', 'python'),
      share('loop'),
      all('loop', 'python'),
      ...totals,
    ],
  },
  {
    name: 'sorted and loop',
    program: 'sorted_and_loop.py',
    quantities: [
      share('sorted'),
      all('sorted', 'native'),
      share('loop'),
      all('loop', 'python'),
      ...totals,
    ],
  },
  {
    name: 'library calls',
    program: 'library_calls.py',
    quantities: [
      ...['dumps', 'loads', 'findall', 'compress', 'sha256', 'execute'].flatMap((mark) => [
        share(mark, 'total'),
        // The rest is system time: the kernel maps memory for the call's result.
        none(mark, 'python', 'total'),
      ]),
      share('python'),
      ...totals,
    ],
  },
  {
    name: 'calls',
    program: 'calls.py',
    quantities: [
      share('fibonacci'),
      all('fibonacci', 'python'),
      share('methods'),
      all('methods', 'python'),
      share('chain'),
      { ...share('call fibonacci', 'total'), region: 'fibonacci' },
      { ...share('call methods', 'total'), region: 'methods' },
      { ...share('call chain', 'total'), region: 'chain' },
      ...totals,
    ],
  },
  {
    name: 'idle threads',
    program: 'idle_threads.py',
    quantities: [
      { ...share('get', 'total'), allowed: 0.1 },
      { type: 'threads', names: ['idle 0', 'idle 1', 'idle 2', 'idle 3'], allowed: 0.1 },
      { ...waits('get'), frames: 'total' },
      share('burn'),
      waitsNever('burn'),
      ...totals,
    ],
  },
  {
    name: 'sleep in C',
    program: 'c_sleep.py',
    quantities: [
      { type: 'count', fact: 'interrupted' },
      waits('sleep'),
      share('sleep'),
      share('burn'),
      waitsNever('burn'),
      ...totals,
    ],
  },
  {
    name: 'two sleeps',
    program: 'two_sleeps.py',
    quantities: [waits('short'), waits('long'), share('burn'), waitsNever('burn'), ...totals],
  },
  {
    name: 'short stretches of work',
    program: 'short_work.py',
    quantities: [share('first', 'total'), share('second', 'total'), ...totals],
  },
  {
    name: 'three kinds of threads',
    program: 'three_kinds.py',
    quantities: [
      waits('sleep'),
      share('sleep'),
      share('python'),
      all('python', 'python'),
      share('compiled'),
      all('compiled', 'native'),
      waits('python'),
      waits('compiled'),
      { ...waits('compiled'), what: 'gil' },
      { type: 'threads', names: ['python'], allowed: points },
      { type: 'threads', names: ['compiled'], allowed: points },
      { type: 'threads', names: ['sleeper'], allowed: points },
      ...totals,
    ],
  },
  {
    name: 'fight for the GIL',
    program: 'gil_fight.py',
    quantities: [
      share('first'),
      share('second'),
      waits('first'),
      waits('second'),
      // Only the interpreter lock keeps these lines from running.
      { ...waits('first'), what: 'gil' },
      { ...waits('second'), what: 'gil' },
      ...totals,
    ],
  },
  {
    name: 'system calls',
    program: 'system_calls.py',
    quantities: [
      share('large'),
      { ...share('large'), what: 'system' },
      share('empty'),
      { ...share('empty'), what: 'system' },
      share('python'),
      all('python', 'python'),
      { type: 'system', allowed: points },
      ...totals,
    ],
  },
  {
    name: 'page faults',
    program: 'page_faults.py',
    quantities: [
      share('fresh'),
      { ...share('fresh'), what: 'system' },
      share('again'),
      none('again', 'system'),
      share('python'),
      all('python', 'python'),
      share('give back'),
      all('give back', 'system'),
      { type: 'system', allowed: points },
      ...totals,
    ],
  },
  {
    name: 'coroutines',
    program: 'coroutines.py',
    quantities: [
      share('first computes'),
      share('second computes'),
      waitsNever('first computes'),
      waitsNever('second computes'),
      // The innermost line of an await is one of asyncio's.
      { ...waits('first sleeps'), frames: 'total' },
      { ...waits('second sleeps'), frames: 'total' },
      // This line waits for tasks, which have the waiting.
      { ...waitsNever('gather'), frames: 'total' },
      ...totals,
    ],
  },
  {
    name: 'generators',
    program: 'generators.py',
    quantities: [
      share('produce'),
      share('consume'),
      share('pipeline'),
      all('pipeline', 'python'),
      ...totals,
    ],
  },
  {
    name: 'recursion',
    program: 'recursion.py',
    quantities: [
      share('bottom', 'total'),
      share('middle', 'total'),
      share('descend', 'total'),
      share('flat', 'total'),
      ...totals,
    ],
  },
  {
    name: 'exceptions',
    program: 'exceptions.py',
    quantities: [share('errors'), share('look up'), share('loop'), ...totals],
  },
  {
    name: 'expressions',
    program: 'expressions.py',
    quantities: [
      ...['few', 'max', 'many', 'sorted', 'element', 'long', 'one line'].map((mark) => share(mark)),
      ...totals,
    ],
  },
  {
    name: 'comprehensions',
    program: 'comprehensions.py',
    quantities: [
      ...['list', 'dict', 'nested', 'generator', 'key', 'map', 'loop'].map((mark) => share(mark)),
      ...totals,
    ],
  },
  {
    name: 'fork',
    program: 'forked.py',
    quantities: [
      ...['elder', 'younger', 'grandchild', 'parent'].flatMap((mark): Quantity[] => [
        share(mark, 'total'),
        { type: 'process', region: mark, allowed: points },
      ]),
      ...totals,
    ],
  },
  {
    name: 'spawn',
    program: 'spawned.py',
    quantities: [
      ...['spawned', 'run', 'parent'].flatMap((mark): Quantity[] => [
        share(mark, 'total'),
        { type: 'process', region: mark, allowed: points },
      ]),
      ...totals,
    ],
  },
];
