import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ModuleRecord } from '../../../recording/records';
import { readElf, symbolAt } from '../../../server/symbols/elf';
import { Symbols } from '../../../server/symbols/symbols';

let folder: string;
let library: string;

const source = `
static __attribute__((noinline)) int inner(int x) { return x * 3 + 1; }
int outer(int x) { return inner(x) + inner(x + 1); }
int shape_area(int x) { return outer(x) * x; }
`;

function gcc(...args: string[]): void {
  execFileSync('cc', args, { cwd: folder, stdio: 'pipe' });
}

/** What nm says: name and address of each function. */
function addresses(): Map<string, number> {
  const lines = execFileSync('nm', [join(folder, 'full.so')], { encoding: 'utf8' }).split('\n');
  const found = lines.map((line) => /^([0-9a-f]+) [tT] (\S+)$/.exec(line)).filter((line) => line);
  return new Map(found.map((line) => [line![2]!, parseInt(line![1]!, 16)]));
}

function moduleAt(path: string, buildId = ''): ModuleRecord {
  const bytes = Uint8Array.from(Buffer.from(buildId, 'hex'));
  return { kind: 'module', moduleKind: 'other', bias: 0, path, buildId: bytes };
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lineheat-elf-'));
  writeFileSync(join(folder, 'a.c'), source);
  gcc('-shared', '-fPIC', '-O1', '-Wl,--build-id', '-o', 'full.so', 'a.c');
  const strip = (...args: string[]) => execFileSync('objcopy', args, { cwd: folder });
  strip('--only-keep-debug', 'full.so', 'stripped.debug');
  strip('--strip-all', 'full.so', 'bare.so');
  strip('--strip-all', '--add-gnu-debuglink=stripped.debug', 'full.so', 'stripped.so');
  library = join(folder, 'full.so');
});
afterAll(() => rmSync(folder, { recursive: true }));

test('functions are found by any address inside them', () => {
  const elf = readElf(library)!;
  expect(elf.complete).toBe(true);
  for (const name of ['inner', 'outer', 'shape_area']) {
    const address = addresses().get(name)!;
    expect(symbolAt(elf.symbols, address)).toBe(name);
    expect(symbolAt(elf.symbols, address + 3)).toBe(name);
  }
  expect(symbolAt(elf.symbols, 1)).toBeUndefined();
  expect(symbolAt(elf.symbols, 2 ** 40)).toBeUndefined();
});

test('a stripped library has its exported names, and all names with its debug file', () => {
  const symbols = new Symbols();
  const { inner, outer } = Object.fromEntries(addresses()) as Record<string, number>;
  expect(symbols.resolve(moduleAt(join(folder, 'bare.so')), outer!)).toBe('outer');
  expect(symbols.resolve(moduleAt(join(folder, 'bare.so')), inner!)).toBeUndefined();
  expect(symbols.resolve(moduleAt(join(folder, 'stripped.so')), inner!)).toBe('inner');
});

test('a library that was rebuilt since the run is not used; saved names are', () => {
  const { outer } = Object.fromEntries(addresses()) as Record<string, number>;
  const { buildId } = readElf(library)!;
  expect(buildId).toMatch(/^[0-9a-f]{40}$/);
  const symbols = new Symbols();
  expect(symbols.resolve(moduleAt(library, buildId), outer!)).toBe('outer');
  expect(symbols.resolve(moduleAt(library, 'aabb'), outer!)).toBeUndefined();
  expect(symbols.changedModules()).toEqual([library]);
  // On another machine, from the names saved with the run.
  const key = `${library}\n${buildId}`;
  const elsewhere = new Symbols({ [key]: { [outer!]: 'saved_outer' } });
  expect(elsewhere.resolve(moduleAt(library, buildId), outer!)).toBe('saved_outer');
  expect(symbols.save()).toEqual({ [key]: { [outer!]: 'outer' } });
});

test('a damaged ELF file has no symbols', () => {
  expect(readElf('/nowhere')).toBeUndefined();
  expect(readElf(folder)).toBeUndefined();
  const broken = join(folder, 'broken.so');
  writeFileSync(broken, '\u007fELF\u0002\u0001'.padEnd(64, '\u00ff'), 'latin1');
  expect(readElf(broken)?.symbols.starts.length ?? 0).toBe(0);
});
