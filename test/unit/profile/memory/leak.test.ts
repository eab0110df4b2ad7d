import { expect, test } from 'vitest';
import { findLeak } from '../../../../profile/memory/leak';
import { mostSlices } from '../../../../profile/memory/sites';
import type { LineCost } from '../../../../profile/types';
import { ms, Program } from '../../recordings';
import { seeded } from '../../random';

const second = 1000 * ms;

/** A process in which line 3 of a.py allocates as a scenario says, for 20 s; the line at its end. */
function lineAfter(scenario: (program: Program, stack: number) => void, seconds = 20): LineCost {
  const program = new Program();
  scenario(program, program.stack('a.py:f:1:3'));
  program.record({ kind: 'footprint', timeNs: seconds * second, resident: 0 });
  program.sample({ timeNs: seconds * second });
  const file = program.builder.snapshot().files.get('/project/a.py');
  return file!.lines.find(({ line }) => line === 3)!;
}

/** Calls `step` at so many evenly spaced moments of 20 s. */
function steadily(
  times: number,
  step: (timeNs: number, index: number) => void,
  seconds = 20,
): void {
  for (let index = 0; index < times; index++) {
    step(((index + 0.5) / times) * seconds * second, index);
  }
}

test('160 kB per call that are never freed are a leak, with its rate', () => {
  const line = lineAfter((program, stack) => {
    steadily(500, (timeNs) => program.allocate({ size: 160_000, stack, timeNs }));
  });
  expect(line.memory?.leak?.likelihood).toBeGreaterThan(0.99);
  expect(line.memory?.leak?.bytesPerSecond).toBeCloseTo((500 * 160_000) / 20, -5);
});

test('a leak is found beside noise of the same line', () => {
  const random = seeded(3);
  const line = lineAfter((program, stack) => {
    const held: number[] = [];
    steadily(2000, (timeNs, index) => {
      if (index % 4 === 0) program.allocate({ size: 50_000, stack, timeNs });
      held.push(program.allocate({ size: 800_000 * random(), stack, timeNs }));
      if (held.length > 3) program.free(held.splice(Math.floor(random() * 3), 1)[0]!, timeNs);
    });
  });
  expect(line.memory?.leak?.likelihood).toBeGreaterThan(0.95);
  expect(line.memory?.leak?.bytesPerSecond).toBeCloseTo((500 * 50_000) / 20, -5);
});

test('a leak of small blocks is found from samples', () => {
  const random = seeded(17);
  const period = 2 ** 19;
  const line = lineAfter((program, stack) => {
    // 20 kB each, 5000 of them: 100 MB, of which about 190 are recorded.
    steadily(5000, (timeNs) => {
      if (random() < -Math.expm1(-20_000 / period))
        program.allocate({ size: 20_000, period, stack, timeNs });
    });
  });
  expect(line.memory?.leak?.likelihood).toBeGreaterThan(0.95);
  const { growthBytes, growthError } = line.memory!;
  expect(Math.abs(growthBytes - 1e8)).toBeLessThan(3 * growthError);
  expect(growthError / 1e8).toBeCloseTo(Math.sqrt(period / 1e8), 1);
});

test('a leak is found in a server that is mostly idle', () => {
  const random = seeded(5);
  const line = lineAfter((program, stack) => {
    const moments = Array.from({ length: 40 }, () => random() * 20 * second).sort((a, b) => a - b);
    for (const timeNs of moments) program.allocate({ size: 1e6, stack, timeNs });
  });
  expect(line.memory?.leak?.likelihood).toBeGreaterThan(0.75);
});

test('a list that grows by realloc for the whole run is a leak', () => {
  const line = lineAfter((program, stack) => {
    let block = 0;
    steadily(100, (timeNs, index) => {
      if (block > 0) program.free(block, timeNs);
      block = program.allocate({ size: 1e6 * (index + 1), grown: 1e6, stack, timeNs });
    });
  });
  expect(line.memory).toMatchObject({ allocatedBytes: 1e8, growthBytes: 1e8, peakBytes: 1e8 });
  expect(line.memory?.leak?.bytesPerSecond).toBeCloseTo(5e6, -6);
});

/** Line 3 is executed all the time from 2 s to the end, as a sample each 10 ms says, but for this part of it. */
function execute(program: Program, stack: number, elsewhere: number): void {
  const other = program.stack('a.py:f:1:4');
  const wallNs = 10 * ms;
  for (let timeNs = wallNs; timeNs <= 20 * second; timeNs += wallNs) {
    const away = timeNs < 2 * second || (timeNs / wallNs) % 100 < elsewhere * 100;
    program.sample({ timeNs, wallNs, cpuNs: wallNs, stack: away ? other : stack });
  }
}

test.each([0.04, 0.2, 0.9])(
  'a line that does not run for a share of %d of the time can leak',
  (elsewhere) => {
    const line = lineAfter((program, stack) => {
      execute(program, stack, elsewhere);
      steadily(500, (timeNs) => {
        if (timeNs > 2 * second) program.allocate({ size: 160_000, stack, timeNs });
      });
    });
    expect(line.memory?.leak?.likelihood).toBeGreaterThan(0.99);
  },
);

test('what leaks on a line leaks in its function', () => {
  const program = new Program();
  const stack = program.stack('a.py:main:1:9', 'a.py:f:1:3');
  execute(program, stack, 0.5);
  steadily(500, (timeNs) => program.allocate({ size: 160_000, stack, timeNs }));
  const file = program.builder.snapshot().files.get('/project/a.py')!;
  const leaks = file.functions.map(({ name, memory }) => [name, Boolean(memory?.leak)]);
  expect(leaks).toEqual([
    ['main', false],
    ['f', true],
  ]);
});

const harmless: [string, (program: Program, stack: number) => void][] = [
  [
    'a cache that fills and stays',
    (program, stack) =>
      steadily(200, (timeNs) => program.allocate({ size: 1e6, stack, timeNs }), 8),
  ],
  [
    'a cache that is full after four fifths of the time',
    (program, stack) =>
      steadily(400, (timeNs) => program.allocate({ size: 1e6, stack, timeNs }), 16),
  ],
  [
    'a cache that fills ever more slowly',
    (program, stack) =>
      steadily(2000, (timeNs, index) => {
        if (index % Math.ceil(Math.exp(index / 500)) === 0)
          program.allocate({ size: 1e5, stack, timeNs });
      }),
  ],
  [
    'a cache that is full and replaces its oldest',
    (program, stack) => {
      const held: number[] = [];
      steadily(2000, (timeNs) => {
        held.push(program.allocate({ size: 100_000, stack, timeNs }));
        if (held.length > 600) program.free(held.shift()!, timeNs);
      });
    },
  ],
  [
    'a full cache of entries of all sizes that replaces any of them',
    (program, stack) => {
      const random = seeded(23);
      const held: number[] = [];
      steadily(4000, (timeNs) => {
        held.push(program.allocate({ size: 1e6 * random() ** 3, stack, timeNs }));
        if (held.length > 300)
          program.free(held.splice(Math.floor(random() * held.length), 1)[0]!, timeNs);
      });
    },
  ],
  ...[0.9, 3, 7, 11].map((teeth): [string, (program: Program, stack: number) => void] => [
    `a buffer that is emptied every ${teeth} s`,
    (program, stack) => {
      let held: number[] = [];
      let emptied = 0;
      steadily(1000, (timeNs) => {
        if (timeNs > (emptied + 1) * teeth * second) {
          emptied++;
          for (const block of held) program.free(block, timeNs);
          held = [];
        }
        held.push(program.allocate({ size: 100_000, stack, timeNs }));
      });
    },
  ]),
  [
    'memory for a moment, again and again',
    (program, stack) =>
      steadily(3000, (timeNs, index) => {
        const block = program.allocate({ size: 800_000, stack, timeNs });
        // The last one is still held.
        if (index < 2999) program.free(block, timeNs + ms);
      }),
  ],
  [
    'one large block',
    (program, stack) => void program.allocate({ size: 3e8, stack, timeNs: 9 * second }),
  ],
  [
    'a list that is built in the younger half of the run',
    (program, stack) =>
      steadily(500, (timeNs) => {
        if (timeNs > 11 * second) program.allocate({ size: 50_000, stack, timeNs });
      }),
  ],
  [
    'one call that builds its result',
    (program, stack) => {
      execute(program, stack, 0);
      steadily(500, (timeNs) => {
        if (timeNs > 2 * second) program.allocate({ size: 160_000, stack, timeNs });
      });
    },
  ],
  [
    'what is loaded at the start',
    (program, stack) =>
      steadily(300, (timeNs) => program.allocate({ size: 50_000, stack, timeNs }), 2),
  ],
  [
    'a few steps up in the second half',
    (program, stack) => {
      for (const at of [11, 14]) program.allocate({ size: 1e7, stack, timeNs: at * second });
    },
  ],
  [
    'a phase that allocated and is over',
    (program, stack) => {
      const held: number[] = [];
      steadily(300, (timeNs) => held.push(program.allocate({ size: 50_000, stack, timeNs })), 12);
      for (const block of held) program.free(block, 15 * second);
    },
  ],
];
test.each(harmless)('no leak is reported for %s', (_, scenario) => {
  expect(lineAfter(scenario).memory?.leak).toBeNull();
});

test('at most one of four hundred steady lines with sampling noise is called a leak', () => {
  let found = 0;
  for (let seed = 0; seed < 400; seed++) {
    const random = seeded(100 + seed);
    const line = lineAfter((program, stack) => {
      const held: number[] = [];
      steadily(1500, (timeNs) => {
        held.push(program.allocate({ size: 20_000, period: 2 ** 19, stack, timeNs }));
        if (held.length > 100 && random() < 0.5 + (held.length - 100) / 20)
          program.free(held.splice(Math.floor(random() * held.length), 1)[0]!, timeNs);
      });
    });
    if (line.memory?.leak) found++;
  }
  expect(found).toBeLessThanOrEqual(1);
});

test('at most one of four hundred full queues whose entries are nearly all sampled is called a leak', () => {
  let found = 0;
  for (let seed = 0; seed < 400; seed++) {
    const random = seeded(1000 + seed);
    const line = lineAfter((program, stack) => {
      const held: number[] = [];
      steadily(1500, (timeNs) => {
        const isSeen = random() < -Math.expm1(-100_000 / 2 ** 15);
        held.push(
          isSeen ? program.allocate({ size: 100_000, period: 2 ** 15, stack, timeNs }) : -1,
        );
        const oldest = held.length > 300 ? held.shift()! : -1;
        if (oldest >= 0) program.free(oldest, timeNs);
      });
    });
    if (line.memory?.leak) found++;
  }
  expect(found).toBeLessThanOrEqual(1);
});

test('no leak is reported for a run that is too short to tell', () => {
  const live = Float64Array.from({ length: 15 }, (_, slice) => slice * 1e6);
  expect(findLeak(live, 25e6, 0)).toBeNull();
  const longer = Float64Array.from({ length: mostSlices }, (_, slice) => slice * 1e6);
  expect(findLeak(longer, 25e6, 0)?.bytesPerSecond).toBeCloseTo(1e6 / 0.025, -1);
});

/** A program that keeps blocks of 100 kB from its start on, so many a second, at most `bound`: its state after some seconds. */
function historyAfter(seconds: number, perSecond: number, bound: number, hasEnded = false) {
  const program = new Program();
  const stack = program.stack('a.py:f:1:3');
  const held: number[] = [];
  steadily(
    seconds * perSecond,
    (timeNs) => {
      held.push(program.allocate({ size: 100_000, stack, timeNs }));
      if (held.length > bound) program.free(held.shift()!, timeNs);
    },
    seconds,
  );
  program.sample({ timeNs: seconds * second });
  if (hasEnded) {
    program.builder.snapshot();
    program.end(0, 0);
    program.feed.finish('ended');
  }
  const lines = program.builder.snapshot().files.get('/project/a.py')!.lines;
  return lines.find(({ line }) => line === 3)!.memory!;
}

test.each([10, 20, 40, 100])(
  'a history of 200 entries that fills by %d a second is not called a leak in its first seconds',
  (perSecond) => {
    for (const seconds of [0.5, 1, 2, 3, 5, 8, 10, 14]) {
      expect(historyAfter(seconds, perSecond, 200).leak, `${seconds} s`).toBeNull();
    }
  },
);

test('a history of 200 entries is no leak when it is full, nor when a short run has not filled it', () => {
  for (const seconds of [6, 15, 20, 60]) {
    for (const hasEnded of [false, true]) {
      expect(historyAfter(seconds, 40, 200, hasEnded).leak, `${seconds} s`).toBeNull();
    }
  }
  expect(historyAfter(3, 50, 200, true).leak).toBeNull();
});

test('memory that keeps growing is a leak after a while, or at the end of a run that kept much', () => {
  expect(historyAfter(3, 300, Infinity).leak).toBeNull();
  expect(historyAfter(20, 20, Infinity).leak?.bytesPerSecond).toBeCloseTo(2e6, -5);
  expect(historyAfter(3, 300, Infinity, true).leak?.bytesPerSecond).toBeCloseTo(30e6, -6);
});
