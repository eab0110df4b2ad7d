/** The run as one HTML file that shows the same chart in any browser: its tables, and places for the panel's own code. */
import { FlameStore } from '../model/store';
import type { FlameTables } from '../../profile/flame/tables';
import { encodeFlameChunk } from '../../protocol/flameChunk';
import { encodeFlameMemory } from '../../protocol/flameMemory';
import type { ToPanel } from '../../protocol/panel';
import { savedPageMarks } from '../../protocol/savedPage';
import { escapeText } from './picture';
import type { State } from '../state/state';

/** More samples than this make a file that browsers are slow to open. */
export const mostSavedSamples = 3_000_000;

/** The contents of a store as tables, from which an equal store can be made. */
export function tablesOf(store: FlameStore): FlameTables {
  return {
    strings: [...store.strings],
    functions: {
      name: store.functionName.slice(0, store.functionCount),
      file: store.functionFile.slice(0, store.functionCount),
      line: store.functionLine.slice(0, store.functionCount),
      module: store.functionModule.slice(0, store.functionCount),
    },
    frames: {
      function: store.frameFunction.slice(0, store.frameCount),
      line: store.frameLine.slice(0, store.frameCount),
      column: store.frameColumn.slice(0, store.frameCount),
      kind: store.frameKind.slice(0, store.frameCount),
    },
    stacks: {
      frame: store.stackFrame.slice(0, store.stackCount),
      parent: store.stackParent.slice(0, store.stackCount),
    },
    threads: store.tracks.map((track) => ({
      id: track.id,
      pid: track.pid,
      tid: track.tid,
      name: track.name,
      process: track.process,
      coarseNs: track.coarseNs,
      anewNs: Infinity,
      // −1 becomes 0xffffffff: an unknown stack.
      stack: Uint32Array.from(track.stack.subarray(0, track.count)),
      time: track.time.slice(0, track.count),
      wall: track.wall.slice(0, track.count),
      cpu: Float64Array.from(track.cpu.subarray(0, track.count)),
    })),
  };
}

/** The page, in the panel's current theme. Whoever saves the page puts the panel's script and style at its marks. */
export async function savedPage(state: State): Promise<ArrayBuffer> {
  const { title, native, onlyMyCode, sampling, mode, tree, metric, leading, memory } = state;
  const shown: ToPanel[] = [
    { type: 'reset', run: 'saved', title, live: false, native, onlyMyCode },
    { type: 'sampling', text: sampling },
    ...(leading ? [{ type: 'metric' as const, ...leading } as ToPanel] : []),
  ];
  const blocks = [
    await packed(encodeFlameChunk(tablesOf(state.store))),
    memory ? await packed(encodeFlameMemory(memory)) : '',
  ];
  const look = { mode, tree, metric };
  const theme = {
    html: document.documentElement.getAttribute('style') ?? '',
    body: document.body.className,
  };
  const json = JSON.stringify({ shown, look, theme, blocks }).replace(/</g, '\\u003c');
  const page = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Flame Chart: ${escapeText(title)}</title>
<style>${savedPageMarks.style}</style>
</head>
<body>
<div id="app"></div>
<script type="application/json" id="run">${json}</script>
<script>${opener}</script>
<script>${savedPageMarks.script}</script>
</body>
</html>
`;
  return new TextEncoder().encode(page).buffer;
}

/** Stands in for the host: hands the panel what it would be sent. */
const opener = `
const run = JSON.parse(document.getElementById('run').textContent);
document.documentElement.setAttribute('style', run.theme.html);
document.body.className = run.theme.body + ' saved-page';
const send = (data) => window.dispatchEvent(new MessageEvent('message', { data }));
const unpack = async (text) => {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(stream).arrayBuffer();
};
const start = async () => {
  for (const message of run.shown) send(message);
  if (run.blocks[1]) send({ type: 'memory', data: await unpack(run.blocks[1]) });
  send({ type: 'chunk', sequence: 1, data: await unpack(run.blocks[0]) });
  send({ type: 'done' });
};
window.acquireVsCodeApi = () => ({
  getState: () => run.look,
  setState() {},
  postMessage(message) {
    if (message.type === 'ready') void start();
    if (message.type === 'copy') void navigator.clipboard?.writeText(message.text);
  },
});
`;

async function packed(data: ArrayBuffer): Promise<string> {
  const stream = new Blob([data]).stream().pipeThrough(new CompressionStream('gzip'));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += 0x8000) {
    pieces.push(String.fromCharCode(...bytes.subarray(at, at + 0x8000)));
  }
  return btoa(pieces.join(''));
}
