/** The panel's entry: messages from the host in, messages to the host out, and every error shown. */
import './style.css';
import type { FromPanel, ToPanel } from '../protocol/panel';
import { createApp } from './app';
import { defineControls } from './controls/toolkit';
import { el, oncePerFrame } from './dom';
import { editorColumn } from './draw/theme';
import type { Host, Look } from './host';
import { createMessageTaker } from './hostMessages';
import { createState } from './state/state';

declare function acquireVsCodeApi(): {
  postMessage: (message: FromPanel) => void;
  getState: () => Look | undefined;
  setState: (look: Look) => void;
};

const vscode = acquireVsCodeApi();

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

function start(): void {
  defineControls();
  const root = document.getElementById('app') ?? document.body;
  root.setAttribute('role', 'main');
  const state = { ...createState(), ...vscode.getState() };
  const host: Host = {
    post: (message) => vscode.postMessage(message),
    fail,
    remember: (look) => vscode.setState(look),
  };
  const dispatch = createApp(root, state, host);
  const take = createMessageTaker(state, host, dispatch);
  window.addEventListener('message', (event: MessageEvent<ToPanel>) => {
    try {
      take(event.data);
    } catch (error) {
      fail(error);
    }
  });
  const tellWidth = (): void => {
    const columnPart = editorColumn();
    vscode.postMessage({ type: 'width', pixels: window.innerWidth, columnPart });
  };
  new ResizeObserver(oncePerFrame(tellWidth)).observe(document.documentElement);
  vscode.postMessage({ type: 'ready' });
}

try {
  start();
} catch (error) {
  fail(error);
}
