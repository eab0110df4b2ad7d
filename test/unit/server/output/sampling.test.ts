import { expect, test } from 'vitest';
import { samplingNotes, samplingRate, samplingSummary } from '../../../../server/output/sampling';
import { ms, Program } from '../../recordings';

/** A program of so many samples of 1 ms, of which the agent says how many it lost. */
function sampled(samples: number, lost: { dropped?: number; rejected?: number; late?: number }) {
  const program = new Program();
  program.samples(samples, { stack: program.stack('a.py:main:1:3') });
  program.record({
    kind: 'stats',
    timeNs: samples * ms,
    processCpuNs: 0,
    agentCpuNs: 0,
    samples,
    ticks: samples,
    dropped: 0,
    rejected: 0,
    late: 0,
    queueNs: 0,
    ...lost,
  });
  return program;
}

test('a run without losses has no note about sampling', () => {
  const profile = sampled(1000, { dropped: 5, rejected: 9, late: 9 }).builder.snapshot();
  expect(samplingNotes(profile)).toEqual([]);
  expect(samplingSummary(profile)).toBe('1,000 samples at 1 kHz');
});

test('lost samples are reported, with where their time is counted', () => {
  const profile = sampled(1000, { dropped: 300, rejected: 40, late: 20 }).builder.snapshot();
  expect(samplingNotes(profile)).toEqual([
    {
      severity: 'warning',
      text: '300 samples (22.4 %) were dropped because a buffer was full; the next sample of the thread has their time.',
    },
    {
      severity: 'information',
      text: '40 samples (3.0 %) were rejected because the stack was just changing; the next sample of the thread has their time.',
    },
    {
      severity: 'information',
      text: '20 samples (1.5 %) came more than 25 ms after the one before, usually because no core was free; CPU time is exact all the same.',
    },
  ]);
  expect(samplingSummary(profile)).toBe(
    '1,000 samples at 1 kHz · 22.4 % dropped · 3.0 % rejected · 1.5 % late',
  );
});

test('a requested rate that was not reached is reported; the kernel’s usual tick is not', () => {
  const usual = new Program();
  usual.samples(100, { stack: usual.stack('a.py:main:1:3'), cpuNs: 4 * ms, wallNs: 4 * ms });
  expect(samplingRate(usual.builder.snapshot())).toBe(250);
  expect(samplingNotes(usual.builder.snapshot())).toEqual([]);
  const fine = new Program({ intervalNs: 0.1 * ms });
  fine.samples(1000, { stack: fine.stack('a.py:main:1:3') });
  expect(samplingNotes(fine.builder.snapshot())).toEqual([
    {
      severity: 'information',
      text: 'Samples were taken at 1 kHz instead of the 10 kHz asked for; times are as exact, but rest on fewer samples.',
    },
  ]);
});

test('CPU time without a line is reported with its reason', () => {
  const program = sampled(700, {});
  program.samples(150, { native: program.native('interpreter:Py_FinalizeEx') });
  program.samples(50, { native: program.native('libc:clone', 'other:exec_blas') });
  program.samples(80, { native: program.native('anonymous:?') });
  program.sample({ remainder: true, cpuNs: 20 * ms, wallNs: 20 * ms });
  program.end(0, 1000);
  const profile = program.builder.snapshot();
  expect(samplingNotes(profile).map(({ text }) => text)).toEqual([
    '20 ms of CPU time (2.0 %) was seen by no sample; it is in the totals, but on no line.',
    '130 ms of CPU time (13.0 %) was spent mostly in anonymous.so by threads without Python code that worked for no line; the flame chart shows it, no line does.',
    '150 ms of CPU time (15.0 %) went into starting and ending Python; it is on no line.',
  ]);
  expect(samplingSummary(profile)).toBe(
    '980 samples at 1 kHz · 20 ms of CPU time seen by no sample',
  );
});
