import { expect, test } from 'vitest';
import { reachesThreshold } from '../../../../profile/words/threshold';

test.each([
  ['a share above the threshold', 2, 100, 0.01, true],
  ['a share that is the threshold', 1, 100, 0.01, true],
  ['a share below the threshold', 0.9, 100, 0.01, false],
  ['any share, without a threshold', 0.001, 100, 0, true],
  ['nothing, without a threshold', 0, 100, 0, false],
  ['a cost in a run that has none', 1, 0, 0, false],
])('%s', (_, amount, whole, threshold, reaches) => {
  expect(reachesThreshold(amount, whole, threshold)).toBe(reaches);
});
