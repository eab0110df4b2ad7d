/**
 * `npm run test:stress`: stress.py under the agent at 200 µs, once for time and once for memory too, on every
 * interpreter. Options: --seconds N for each of the two (60), --python 3.12 (more than once: each), --seed N,
 * --path FOLDER (a PYTHONPATH; with greenlet there, greenlets take part). The last line is `N passed, N failed`; exit
 * code 1 when anything failed.
 */
import { parseArgs } from 'node:util';
import { decode } from './decode';
import { Folders, recordings } from './programs';
import { pythons } from './pythons';
import { stress, stressBare } from './stressRun';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    python: { type: 'string', multiple: true },
    path: { type: 'string', default: '' },
    seed: { type: 'string', default: '1' },
  },
});
const wanted = options.python;
const chosen = pythons.filter(({ name }) => !wanted || wanted.includes(name.split(' ')[0]!));
const folders = new Folders();
let passed = 0;
let failed = 0;
for (const python of chosen) {
  const bare = await stressBare(python, options.path);
  for (const memory of [false, true]) {
    const runDir = folders.make();
    const seconds = Number(options.seconds);
    const started = process.hrtime.bigint();
    const seed = Number(options.seed);
    const ended = await stress(python, { seconds, seed, memory, runDir, path: options.path });
    const took = Number(process.hrtime.bigint() - started) / 1e9;
    const same = ended.code === 0 && ended.stdout === bare.stdout && ended.stderr === '';
    if (same) passed++;
    else failed++;
    const counts = { samples: 0, rejected: 0 };
    for (const path of recordings(runDir)) {
      const { stats } = decode(path);
      counts.samples += stats?.samples ?? 0;
      counts.rejected += stats?.rejected ?? 0;
    }
    const how = `${python.name}, ${memory ? 'time and memory' : 'time'}, ${took.toFixed(0)} s`;
    const share = ((100 * counts.rejected) / (counts.samples + counts.rejected || 1)).toFixed(2);
    console.log(
      `${how}: ${same ? 'as bare' : 'DIFFERENT'}, ${counts.samples} samples, ${share} % rejected`,
    );
    if (!same) {
      console.log(`bare:  ${bare.stdout.trim()}`);
      console.log(`agent: ${ended.stdout.trim()} (exit ${ended.code}, ${ended.signal})`);
      console.log(ended.stderr.slice(-4000));
    }
    folders.clear();
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
