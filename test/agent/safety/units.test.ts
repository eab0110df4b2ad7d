/** Parts of the agent by themselves (test/agent/units), also as the compiler's sanitizers see them. */
import { afterAll, describe, expect, test } from 'vitest';
import { Folders } from '../programs';
import { build, output, sanitizers, unwinder, type Sanitizer } from '../units';

const folders = new Folders();
afterAll(() => folders.clear());

function printed(name: string, parts: string[], sanitizer: Sanitizer): string[] {
  return output(build({ name, parts }, folders.make(), sanitizer))
    .trim()
    .split('\n');
}

describe.each(Object.keys(sanitizers) as Sanitizer[])('built with sanitizer: %s', (sanitizer) => {
  test('a copy from unmapped memory fails without a crash', () => {
    const parts = ['signals/guard', 'base', 'sandbox/sandbox', 'sandbox/bpf'];
    expect(printed('guarded_copies', parts, sanitizer)).toEqual([
      '0 wrong, 2098 right',
      '0 1 1',
      '707070707070707 0 7070707 7 0',
      '0 0',
      '1 0',
      '1',
      '1 0',
    ]);
  });

  test('entries of the ring arrive whole and in order', () => {
    expect(printed('ring_rounds', [], sanitizer)).toEqual(['2000 right', '0 wrong, 1 1']);
  });

  test('the table of sampled blocks finds every block while others are added and removed', () => {
    const parts = ['memory/memory_table', 'base', 'signals/guard'];
    expect(printed('memory_table_rounds', parts, sanitizer)).toEqual(['0 wrong, 0 left']);
  });

  test('the result of a seccomp filter is predicted, and invalid filters do no harm', () => {
    expect(printed('filter_rounds', ['sandbox/bpf'], sanitizer)).toEqual([
      '7fff0000 0 7fff0000 0 ffffffff',
      '1 1',
    ]);
  });

  test('unwind tables are read, and damaged tables do no harm', () => {
    expect(printed('unwind_damaged', unwinder, sanitizer)).toEqual([
      '1 8 0 8 0',
      '1 16 16 8 4',
      '2 16 16 8 8',
      '2 16 16 8 71',
      '1 8 16 8 72',
      '1 8 16 8 79',
      '2 16 16 8 80',
      '2 16 24 8 96',
      '2 16 24 8 255',
      '0 0 0 0 0',
      '1 1 1 1, 0 beyond',
    ]);
  });
});
