/** The panel's entry: messages from the host in, messages to it out, and every error said aloud. */
import './style.css';
import { isFlameMetric } from './model/merged';
import { decodeFlameChunk } from '../protocol/flameChunk';
import { decodeFlameMemory } from '../protocol/flameMemory';
import type { FromPanel, ToPanel } from '../protocol/panel';
import { createApp } from './app';
import { el, oncePerFrame } from './dom';
import type { App } from './host';
import { createState, resetState, type State } from './state/state';
import { editorColumn } from './draw/theme';
import { defineControls } from './controls/toolkit';

type Look = Pick<State, 'mode' | 'tree' | 'metric'>;

declare function acquireVsCodeApi(): {
  postMessage: (message: FromPanel) => void;
  getState: () => Look | undefined;
  setState: (look: Look) => void;
};

/** What arrives in many chunks is drawn no more often than this: drawing takes longer than taking a chunk. */
const redrawMs = 250;

const vscode = acquireVsCodeApi();
const state = createState();
Object.assign(state, vscode.getState() ?? {});
const root = document.getElementById('app') ?? document.body;
root.setAttribute('role', 'main');

/** Show an error above whatever is on the screen, and tell the host, which logs it. */
function fail(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  vscode.postMessage({
    type: 'error',
    message: error instanceof Error && error.stack ? error.stack : message,
  });
  document.querySelector('.failure')?.remove();
  const close = el('button', { type: 'button', 'aria-label': 'Dismiss' }, '×');
  const bar = el('div', { class: 'failure', role: 'alert' });
  bar.append(`The flame chart had a problem: ${message}`, close);
  close.addEventListener('click', () => bar.remove());
  document.body.append(bar);
}

window.addEventListener('error', (event) => fail(event.error ?? event.message));
window.addEventListener('unhandledrejection', (event) => fail(event.reason));

function start(): App {
  defineControls();
  const app = createApp(root, state, {
    open: (path, line, column, go) => vscode.postMessage({ type: 'open', path, line, column, go }),
    copy: (text) => vscode.postMessage({ type: 'copy', text }),
    save: (format, data) => vscode.postMessage({ type: 'save', format, data }),
    fail,
    showNative: (shown) => vscode.postMessage({ type: 'native', shown }),
    showOnlyMyCode: (chosen) => vscode.postMessage({ type: 'onlyMyCode', chosen }),
    chooseRange: (range, text) => vscode.postMessage({ type: 'range', range, text }),
    turnOnMemory: () => vscode.postMessage({ type: 'turnOnMemory' }),
    openLastRun: () => vscode.postMessage({ type: 'openLastRun' }),
    remember: (look) => vscode.setState(look),
  });
  app.everythingChanged();
  new ResizeObserver(
    oncePerFrame(() => {
      const columnPart = editorColumn();
      vscode.postMessage({ type: 'width', pixels: window.innerWidth, columnPart });
    }),
  ).observe(document.documentElement);
  return app;
}

function listen(app: App): void {
  let ended = false;
  let drawnAt = -Infinity;
  let waiting: ReturnType<typeof setTimeout> | undefined;
  const draw = oncePerFrame(() => {
    drawnAt = performance.now();
    try {
      app.dataChanged(ended);
    } catch (error) {
      fail(error);
    }
  });
  const dataChanged = (): void => {
    clearTimeout(waiting);
    const wait = ended ? 0 : drawnAt + redrawMs - performance.now();
    if (wait > 0) waiting = setTimeout(draw, wait);
    else draw();
  };
  const handle = (message: ToPanel): void => {
    switch (message.type) {
      case 'reset':
        ended = false;
        resetState(state, message);
        state.message = message.live ? 'Waiting for the first samples…' : 'Reading the recording…';
        app.everythingChanged();
        return;
      case 'chunk':
        try {
          state.store.append(decodeFlameChunk(message.data));
          dataChanged();
        } finally {
          // Acknowledged even when it was bad, or the host would wait for ever.
          vscode.postMessage({ type: 'ack', sequence: message.sequence });
        }
        return;
      case 'memory':
        state.memory = decodeFlameMemory(message.data);
        dataChanged();
        return;
      case 'metric':
        state.leading = message;
        if (isFlameMetric(message.metric)) state.metric = message.metric;
        app.metricChanged();
        return;
      case 'range':
        state.range = message.range && { range: message.range, text: message.text };
        app.metricChanged();
        return;
      case 'sampling':
        state.sampling = message.text;
        app.statusChanged();
        return;
      case 'done':
        ended = true;
        state.live = false;
        state.complete = true;
        state.message =
          'This run has no samples: the program ended before the first one was taken.';
        if (state.store.sampleCount > 0) dataChanged();
        else app.everythingChanged();
        return;
      case 'highlight':
        state.highlight = message.path === null ? null : { path: message.path, line: message.line };
        app.highlightChanged(message.reveal);
        return;
      case 'message':
        resetState(state, {
          run: '',
          title: '',
          live: false,
          native: state.native,
          onlyMyCode: false,
        });
        state.message = message.text;
        app.everythingChanged();
        return;
      default:
        assertNever(message);
    }
  };
  window.addEventListener('message', (event: MessageEvent<ToPanel>) => {
    try {
      handle(event.data);
    } catch (error) {
      fail(error);
    }
  });
  vscode.postMessage({ type: 'ready' });
}

/** A message this panel does not know comes from a newer host; it is not for us. */
function assertNever(_message: never): void {}

try {
  listen(start());
} catch (error) {
  fail(error);
}
