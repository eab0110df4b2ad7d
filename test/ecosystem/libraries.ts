/** The libraries that the suite meets, each with a program that prints the same every time. */

export interface Library {
  name: string;
  /** In programs/. */
  program: string;
  /** In truth/: a program that knows what its calls cost. */
  truth?: string;
  /** In requirements/. */
  requirements: string;
  /** Minor versions of CPython to run it on. */
  minors: number[];
  /** How often the program does its work in a long run, so that Python's start and end are a small part of it. */
  longRounds: number;
}

const usual = [12];
/** Libraries with threads of their own that have a truth program. */
const known = ['jax', 'sklearn', 'polars', 'duckdb', 'onnxruntime'];

export const libraries: Library[] = [
  ...['tensorflow', 'torch'].map((name) => ({
    name,
    program: `${name}_.py`,
    truth: `${name}_.py`,
    requirements: `${name}.txt`,
    minors: usual,
    // Their imports take seconds.
    longRounds: 20,
  })),
  ...[
    'jax',
    'sklearn',
    'lightgbm',
    'xgboost',
    'numba',
    'polars',
    'pyarrow',
    'duckdb',
    'tokenizers',
    'onnxruntime',
    'grpc',
    'zmq',
    'matplotlib',
    'pymupdf',
    'wasmtime',
  ].map((name) => ({
    name,
    program: `${name}_.py`,
    ...(known.includes(name) ? { truth: `${name}_.py` } : {}),
    requirements: 'main.txt',
    minors: usual,
    longRounds: 10,
  })),
  // 3.11 keeps its chain of frames on the C stack, which greenlet overwrites.
  ...['gevent', 'greenlet'].map((name) => ({
    name,
    program: `${name}_.py`,
    requirements: 'greenlets.txt',
    minors: [11, 12],
    longRounds: 10,
  })),
];
