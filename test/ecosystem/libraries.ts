/** The libraries that the suite meets, each with a program that prints the same every time. */

export interface Library {
  name: string;
  /** In programs/. */
  program: string;
  /** In requirements/. */
  requirements: string;
  /** Minor versions of CPython to run it on. */
  minors: number[];
}

const usual = [12];

export const libraries: Library[] = [
  { name: 'tensorflow', program: 'tensorflow_.py', requirements: 'tensorflow.txt', minors: usual },
  { name: 'torch', program: 'torch_.py', requirements: 'torch.txt', minors: usual },
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
    requirements: 'main.txt',
    minors: usual,
  })),
  // 3.11 keeps its chain of frames on the C stack, which greenlet overwrites.
  ...['gevent', 'greenlet'].map((name) => ({
    name,
    program: `${name}_.py`,
    requirements: 'greenlets.txt',
    minors: [11, 12],
  })),
];
