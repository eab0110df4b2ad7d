import { describe, expect, it } from 'vitest';
import { framesOnLine, matchFunctions, parseQuery } from '../../../webview/model/search';
import { FlameStore } from '../../../webview/model/store';
import { flameTables } from '../flameTables';

const store = new FlameStore();
store.append(
  flameTables({ stacks: ['main:1 Parse_row:5 read:0:native', 'main:1 parse_all:9'], threads: [] }),
);

function found(text: string): string[] {
  const query = parseQuery(text);
  if (!query.ok) return [query.message];
  const matches = matchFunctions(store, query.terms);
  return [...matches.keys()]
    .filter((fn) => matches[fn] === 1)
    .map((fn) => store.describeFunction(fn).name);
}

describe('search', () => {
  it.each([
    ['', []],
    ['parse', ['Parse_row', 'parse_all']],
    ['parse row', ['Parse_row']],
    ['/^p.*l$/', ['parse_all']],
    ['/^p/i', ['Parse_row', 'parse_all']],
    ['file:app.py a', ['main', 'Parse_row', 'parse_all']],
    ['FILE:/app\\.py$/ main', ['main']],
    ['file:', []],
    ['module:libc', []],
    ['/(/', ['/(/ is not a regular expression.']],
    ['/usr', []],
  ])('finds the functions of the query “%s”', (text, names) => expect(found(text)).toEqual(names));

  it('finds the frames that execute a line', () => {
    expect([...framesOnLine(store, '/proj/app.py', 5)]).toEqual([0, 1, 0, 0]);
    expect(framesOnLine(store, '/elsewhere/app.py', 5)).not.toContain(1);
  });
});
