import { expect, test } from 'vitest';
import { Framing } from '../../../server/framing';

const message = (json: string): string => `Content-Length: ${json.length}\r\n\r\n${json}`;

/** What is said of a text, sent in pieces of so many bytes. */
function said(text: string, size = text.length): string | undefined {
  const framing = new Framing();
  for (let at = 0; at < text.length; at += size) {
    const problem = framing.push(Buffer.from(text.slice(at, at + size)));
    if (problem !== undefined) return problem;
  }
  return undefined;
}

test('messages are accepted however their bytes are cut', () => {
  const text =
    message('{"id":1}') + `content-type: x\r\n${message('[]')}` + message('{"a":"\\r\\n\\r\\n"}');
  for (const size of [1, 2, 7, text.length]) expect(said(text, size)).toBeUndefined();
});

test.each([
  ['something else', 'GET / HTTP/1.1\r\n\r\n', /not a header, byte 0/],
  ['something else after a message', `${message('{}')}x`, /not a header, byte 23/],
  ['a length that is no number', 'Content-Length: x\r\n\r\n{}', /a header without a length/],
  ['a length that is too much', `Content-Length: ${2 ** 40}\r\n\r\n`, /a header without a length/],
  ['a header that never ends', `Content-Length: ${' '.repeat(5000)}`, /a header without end/],
  ['something that is no JSON', message('{bad}'), /not JSON, byte 21/],
  ['a wrong length', 'Content-Length: 3\r\n\r\n{"a":1}', /not JSON/],
])('%s is answered with a sentence', (_, text, problem) => {
  for (const size of [1, text.length]) expect(said(text, size)).toMatch(problem);
});
