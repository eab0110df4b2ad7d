/**
 * The agent's reader of unwind tables against readelf's, row by row, on real libraries of both processors: at the first
 * and the last instruction that each row is for. The tables of arm64 are read by the agent's code for arm64, under QEMU.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { arm64Command, arm64Missing, ensureArm64Pythons } from '../../../scripts/arm64.mjs';
import { Folders } from '../programs';
import { build, unwinder } from '../units';

const largest = 64 * 1024 * 1024;
/** Of larger libraries every second row is looked at, or every third…, so that there are no more than these. */
const rowsMax = 40_000;
const kinds = { none: 0, sp: 1, fp: 2, end: 3 };

interface Processor {
  compiler: string;
  /** Instructions begin at multiples of this many bytes. */
  align: number;
  sp: string;
  fp: string;
}
const x64: Processor = { compiler: 'cc', align: 1, sp: 'rsp', fp: 'rbp' };
const arm64: Processor = { compiler: 'aarch64-linux-gnu-gcc', align: 4, sp: 'sp', fp: 'x29' };

/** What readelf says about one address, its cells by register. */
interface Row {
  address: number;
  start: number;
  cells: Record<string, string>;
}

function output(command: string, args: string[], input = ''): string {
  return execFileSync(command, args, {
    input,
    encoding: 'utf8',
    maxBuffer: largest,
    timeout: 120_000,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
}

/** Rows of `readelf --debug-dump=frames-interp`, each at the first and the last address it is for. */
function rowsOf(library: string, align: number): Row[] {
  const found: Row[] = [];
  const initial = new Map<string, Record<string, string>>();
  // Not the tables of a separate file with debugging information, if there is one: they are empty.
  const flags = ['--debug-dump=frames-interp', '--debug-dump=no-follow-links'];
  for (const block of output('readelf', [...flags, library]).split('\n\n')) {
    const lines = block.trim().split('\n');
    const columns =
      lines
        .find((line) => line.includes(' LOC '))
        ?.trim()
        .split(/\s+/) ?? [];
    const rows = lines
      .filter((line) => /^[0-9a-f]{16} /.test(line))
      .map((line) => {
        // A register that is in another one takes two words: `r3 (rbx)`.
        const [address, ...cells] = line.match(/\S+( \(\w+\))?/g)!;
        const named = cells.map((cell, index) => [columns[index + 1]!, cell] as const);
        return { address: parseInt(address!, 16), cells: Object.fromEntries(named) };
      });
    const common = /^([0-9a-f]+) .* CIE /m.exec(block);
    if (common) initial.set(common[1]!, rows[0]?.cells ?? {});
    const extent = /cie=([0-9a-f]+) pc=([0-9a-f]+)\.\.([0-9a-f]+)/.exec(block);
    if (!extent) continue;
    const [start, end] = [parseInt(extent[2]!, 16), parseInt(extent[3]!, 16)];
    if (rows.length === 0) rows.push({ address: start, cells: initial.get(extent[1]!)! });
    rows.forEach(({ address, cells }, index) => {
      const last = (rows[index + 1]?.address ?? end) - align;
      if (last < address) return;
      found.push({ address, start, cells });
      if (last > address) found.push({ address: last, start, cells });
    });
  }
  const step = Math.ceil(found.length / rowsMax);
  return found.filter((_, index) => index % step === 0);
}

/** `c-16` → 16; a register that is not saved → 0; undefined for what the agent does not follow. */
function savedAt(cell: string | undefined): number | undefined {
  if (cell === undefined || cell === 'u' || cell === 's') return 0;
  const below = /^c-(\d+)$/.exec(cell)?.[1];
  return below === undefined ? undefined : Number(below);
}

/** The rule that a row stands for, as unwind_rules prints it; undefined where the agent gives up. */
function ruleOf({ address, start, cells }: Row, { sp, fp }: Processor): number[] | undefined {
  const frame = /^([a-z0-9]+)\+(\d+)$/.exec(cells['CFA'] ?? '');
  const kind = frame?.[1] === sp ? kinds.sp : frame?.[1] === fp ? kinds.fp : kinds.none;
  const saved = [savedAt(cells[fp]), savedAt(cells['ra'])];
  if (kind === kinds.none || saved.includes(undefined)) return undefined;
  return [kind, Number(frame![2]), ...(saved as number[]), address - start];
}

const folders = new Folders();
afterAll(() => folders.clear());

/** On this machine's processor with the sanitizers of the compiler, which QEMU has no room for. */
function compile(processor: Processor): string {
  const unit = { name: 'unwind_rules', parts: unwinder };
  return build(unit, folders.make(), processor === x64 ? 'address' : 'none', processor.compiler);
}

/** Compares every row of a library; returns what the two say where they differ, and how many rows the agent gives up. */
function compare(library: string, processor: Processor, command: string[]) {
  const rows = rowsOf(library, processor.align);
  const addresses = rows.map(({ address }) => address.toString(16)).join('\n');
  const [name, ...args] = [...command, library];
  const said = output(name!, args, `${addresses}\n`).trim().split('\n');
  const different: string[] = [];
  // Functions that end with a return address outside the frame: nothing that is said of them can be believed.
  const last = new Map(rows.map(({ start, cells }) => [start, cells['ra'] ?? '']));
  const wrong = ({ start, cells }: Row) =>
    savedAt(cells['ra']) === 0 && last.get(start)!.startsWith('c+');
  let wrongs = 0;
  let unknown = 0;
  let outermost = 0;
  rows.forEach((row, index) => {
    const rule = ruleOf(row, processor);
    const numbers = said[index]!.split(' ').map(Number);
    if (wrong(row)) {
      wrongs++;
      if (numbers[0] !== kinds.none)
        different.push(`${row.address.toString(16)}: nothing, not ${said[index]}`);
    } else if (rule === undefined) unknown++;
    // readelf prints the same for a caller that cannot be and for one that is not saved.
    else if (numbers[0] === kinds.end && rule[3] === 0) outermost++;
    else if (rule.join(' ') !== said[index])
      different.push(`${row.address.toString(16)}: ${rule.join(' ')}, not ${said[index]}`);
  });
  console.log(
    `${library}: ${rows.length} rows, ${different.length} different, ${unknown} not followed, ${wrongs} not believed, ${outermost} outermost`,
  );
  expect(said.length).toBe(rows.length);
  expect(rows.length).toBeGreaterThan(2000);
  expect(different.slice(0, 10)).toEqual([]);
  expect(unknown / rows.length).toBeLessThan(0.01);
  // Where threads begin: a handful.
  expect(outermost).toBeLessThan(20);
}

describe.runIf(process.arch === 'x64')('unwind tables of x86-64', () => {
  let binary = '';
  beforeAll(() => {
    binary = compile(x64);
  });
  test.each(['libc.so.6', 'libstdc++.so.6'])('agree with readelf for %s', (name) => {
    compare(output('cc', [`-print-file-name=${name}`]).trim(), x64, [binary]);
  });
});

describe('unwind tables of arm64', () => {
  const missing = arm64Missing();
  if (missing !== undefined) console.log(`Not run: ${missing}`);
  test.skipIf(missing !== undefined)(
    'agree with readelf for Debian’s libraries',
    { timeout: 300_000 },
    async () => {
      const binary = compile(arm64);
      for (const { minor, root } of await ensureArm64Pythons()) {
        // Its C library is older than the one that unwind_rules is built with.
        if (minor < 11) continue;
        const folder = join(root, 'usr', 'lib', 'aarch64-linux-gnu');
        const places = [folder, join(root, 'lib', 'aarch64-linux-gnu')].filter(existsSync);
        for (const wanted of [
          /^libc\.so\.6$/,
          /^ld-linux-aarch64\.so\.1$/,
          /^libcrypto\.so\.[\d.]+$/,
        ]) {
          const library = places
            .flatMap((place) => readdirSync(place).map((name) => join(place, name)))
            .find((path) => wanted.test(path.slice(path.lastIndexOf('/') + 1)));
          if (library !== undefined) compare(library, arm64, arm64Command(root, {}, [binary]));
        }
      }
    },
  );
});
