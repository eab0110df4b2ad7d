/** Messages of the host become intents: bytes are decoded, rows are appended, and drawing keeps a pace. */
import { decodeFlameChunk } from '../protocol/flameChunk';
import { decodeFlameMemory } from '../protocol/flameMemory';
import type { ToPanel } from '../protocol/panel';
import { oncePerFrame } from './dom';
import type { Host } from './host';
import type { Dispatch } from './intents/intent';
import type { State } from './state/state';

/** Rows that arrive in many chunks are drawn no more often than this: drawing takes longer than taking a chunk. */
const redrawMs = 250;

/** A function that takes a message of the host. */
export function createMessageTaker(
  state: State,
  host: Host,
  dispatch: Dispatch,
): (message: ToPanel) => void {
  let hasEnded = false;
  let drawnAt = -Infinity;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const takeRows = oncePerFrame(() => {
    drawnAt = performance.now();
    try {
      dispatch({ type: 'rows', ended: hasEnded });
    } catch (error) {
      host.fail(error);
    }
  });
  const takeRowsSoon = (): void => {
    clearTimeout(timer);
    const wait = hasEnded ? 0 : drawnAt + redrawMs - performance.now();
    if (wait > 0) timer = setTimeout(takeRows, wait);
    else takeRows();
  };

  return (message) => {
    switch (message.type) {
      case 'chunk':
        try {
          state.store.append(decodeFlameChunk(message.data));
          takeRowsSoon();
        } finally {
          // A damaged chunk is acknowledged too, or the host would wait for ever.
          host.post({ type: 'ack', sequence: message.sequence });
        }
        return;
      case 'memory':
        dispatch({ type: 'memoryRead', memory: decodeFlameMemory(message.data) });
        takeRowsSoon();
        return;
      case 'reset':
        hasEnded = false;
        dispatch(message);
        return;
      case 'done':
        hasEnded = true;
        dispatch(message);
        if (state.store.sampleCount > 0) takeRowsSoon();
        return;
      case 'metric':
      case 'range':
      case 'sampling':
      case 'highlight':
      case 'message':
        dispatch(message);
        return;
      default:
        ignore(message);
    }
  };
}

/** A message that this panel does not know comes from a newer host, and asks for something that this panel does not have. */
function ignore(_message: never): void {}
