/** How messages of the host become intents. Frames of the browser are taken one by one. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { encodeFlameChunk } from '../../../protocol/flameChunk';
import type { FromPanel, ToPanel } from '../../../protocol/panel';
import { createMessageTaker } from '../../../webview/hostMessages';
import type { Intent } from '../../../webview/intents/intent';
import { createState, type State } from '../../../webview/state/state';
import { flameTables } from '../flameTables';

const data = encodeFlameChunk(
  flameTables({ stacks: ['main:1'], threads: [[['main:1', 0, 5]]] }),
) as ArrayBuffer;

const noRows = encodeFlameChunk(flameTables({ stacks: [], threads: [] })) as ArrayBuffer;

let state: State;
let take: (message: ToPanel) => void;
let intents: Intent[];
let posted: FromPanel[];
let frames: (() => void)[];

function nextFrame(): void {
  for (const draw of frames.splice(0)) draw();
}

beforeEach(() => {
  vi.useFakeTimers();
  frames = [];
  vi.stubGlobal('requestAnimationFrame', (draw: () => void) => frames.push(draw));
  state = createState();
  intents = [];
  posted = [];
  const host = {
    post: (message: FromPanel) => posted.push(message),
    fail: (error: unknown) => {
      throw error;
    },
    remember: () => undefined,
  };
  take = createMessageTaker(state, host, (intent) => intents.push(intent));
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('rows are appended at once and acknowledged; many chunks are drawn together', () => {
  take({ type: 'chunk', sequence: 1, data });
  take({ type: 'chunk', sequence: 2, data: noRows });
  expect(state.store.sampleCount).toBe(1);
  expect(posted.map((message) => message.type)).toEqual(['ack', 'ack']);
  expect(intents).toEqual([]);
  nextFrame();
  expect(intents).toEqual([{ type: 'rows', ended: false }]);
});

test('later rows wait until the last drawing is a while ago; the end of the run does not wait', () => {
  take({ type: 'chunk', sequence: 1, data });
  nextFrame();
  take({ type: 'sampling', text: 'well' });
  take({ type: 'chunk', sequence: 2, data: noRows });
  nextFrame();
  expect(intents.map(({ type }) => type)).toEqual(['rows', 'sampling']);
  vi.advanceTimersByTime(300);
  nextFrame();
  expect(intents.at(-1)).toEqual({ type: 'rows', ended: false });
  take({ type: 'done' });
  nextFrame();
  expect(intents.slice(-2)).toEqual([{ type: 'done' }, { type: 'rows', ended: true }]);
});

test('a damaged chunk is an error, and acknowledged all the same', () => {
  expect(() => take({ type: 'chunk', sequence: 1, data: new ArrayBuffer(3) })).toThrow();
  expect(posted).toEqual([{ type: 'ack', sequence: 1 }]);
});

test('what a newer host says is ignored, and so is what only a user can ask for', () => {
  take({ type: 'song' } as never);
  take({ type: 'save', format: 'svg' } as never);
  expect([intents, posted]).toEqual([[], []]);
});
