import { expect, test } from 'vitest';
import { FlameStore } from '../../../webview/model/store';
import { decodeFlameChunk, encodeFlameChunk } from '../../../protocol/flameChunk';
import { fillPage, savedPageMarks } from '../../../protocol/savedPage';
import { escapeText } from '../../../webview/save/picture';
import { tablesOf } from '../../../webview/save/savedPage';
import { flameTables } from '../flameTables';

test('a store is restored from its saved form', () => {
  const store = new FlameStore();
  store.append(
    flameTables({
      stacks: ['main:1 load:2', 'main:1 wait:3:wait'],
      threads: [
        [
          ['main:1 load:2', 0, 5],
          ['', 5, 2],
        ],
        [['main:1 wait:3:wait', 1, 9]],
      ],
    }),
  );
  const again = new FlameStore();
  again.append(decodeFlameChunk(encodeFlameChunk(tablesOf(store))));
  expect(tablesOf(again)).toEqual(tablesOf(store));
  expect([again.endNs, again.sampleCount]).toEqual([10, 3]);
  expect(again.tracks[0]!.unattributedNs).toBe(2);
});

test('code in a page cannot end its script element, and text in it is no markup', () => {
  const page = `<style>${savedPageMarks.style}</style><script>${savedPageMarks.script}</script>`;
  const filled = fillPage(page, "a = '</script><!--$&'", 'b {}');
  expect(filled).toBe("<style>b {}</style><script>a = '<\\/script><\\!--$&'</script>");
  expect(escapeText('<b>&"\u0007\ud800')).toBe('&lt;b&gt;&amp;&quot;\ufffd\ufffd');
});
