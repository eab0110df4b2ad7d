/**
 * Measures how fast the flame chart is, compared with speedscope on the same profile in the same browser (headless Chromium
 * without a GPU). Good: zoom, pan and a key of the search within 25 ms, also with ten times as many samples.
 *
 *     npm run bench:flame -- [--samples 1000000] [--alone] [--save]
 *
 * Run `npm run build` first. --alone: without speedscope. Each step is real input; its figure is how long the page's main
 * thread was busy with that input, in ms (Chromium's TaskDuration: scripts, layout, painting). CHROMIUM names another browser.
 */
import { createWriteStream, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { encodeFlameChunk } from '../../protocol/flameChunk';
import { toSpeedscope } from '../../formats/speedscope';
import { machine, markdownTable, saveSection } from '../results.mjs';
import { openLineheat } from './lineheat.mjs';
import { measure } from './measure.mjs';
import { makeProfile, pieces } from './profile.mjs';
import { ensureSpeedscope, openSpeedscope } from './speedscope.mjs';

const { values: options } = parseArgs({
  options: {
    samples: { type: 'string', default: '1000000' },
    alone: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
  },
});
const browser = process.env.CHROMIUM ?? '/usr/bin/chromium';
if (!existsSync(browser)) throw new Error(`${browser} is not there. Set CHROMIUM.`);
const samples = Number(options.samples);
const count = samples.toLocaleString('en-US');
const folder = mkdtempSync(join(tmpdir(), 'lineheat-flame-'));
try {
  const tables = makeProfile({ samples });
  const chunks = pieces(tables).map((piece) => Buffer.from(encodeFlameChunk(piece)));
  const { found: lineheat, failed } = await measure(browser, openLineheat(chunks));
  if (failed) throw new Error(`${failed.step}: ${failed.why}`);
  /** @type {import('./measure.mjs').Measured | undefined} */
  let speedscope;
  let speedscopeText = '';
  if (!options.alone) {
    const { folder: release, version } = ensureSpeedscope();
    const path = join(folder, 'profile.json');
    await pipeline(
      Readable.from(toSpeedscope(tables, 'bench', 'lineheat')),
      createWriteStream(path),
    );
    speedscopeText = `; speedscope ${version}, ${(statSync(path).size / 1e6).toFixed(0)} MB`;
    speedscope = await measure(browser, openSpeedscope(release, path));
  }
  const bytes = chunks.reduce((sum, { length }) => sum + length, 0);
  const text = [
    `${count} samples: Lineheat, ${(bytes / 1e6).toFixed(0)} MB${speedscopeText}. ${machine()}.`,
    speedscope?.failed ? `speedscope failed: ${speedscope.failed.why}.` : '',
    markdownTable(
      ['', 'Lineheat', ...(speedscope ? ['speedscope', 'ratio'] : [])],
      Object.entries(lineheat).map(([step, value]) => {
        const other = speedscope?.found[step];
        const ratio = other === undefined ? undefined : `×${(other / value).toFixed(1)}`;
        const shown = other === undefined ? undefined : digits(other);
        const cell = speedscope?.failed?.step === step ? 'failed' : shown;
        return [step, digits(value), ...(speedscope ? [cell, ratio] : [])];
      }),
    ),
  ].filter(Boolean);
  console.log(text.join('\n\n'));
  const command = `npm run bench:flame -- --samples ${samples}`;
  if (options.save) saveSection(`Flame chart, ${count} samples`, command, text.join('\n\n'));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** @param {number} value */
function digits(value) {
  return value.toFixed(value < 100 ? 1 : 0);
}
