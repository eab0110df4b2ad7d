/** Intents of the host: another run, new rows, the end, settings, and the line of the editor's cursor. */
import { isFlameMetric } from '../model/merged';
import { withMarks } from '../state/marks';
import { withGrownSpans } from '../state/spans';
import { stateOfRun, type State } from '../state/state';
import { tracksToShow } from '../state/tracks';
import { andThen, everything, outcome, type Outcome } from './effect';
import { reveal } from './focus';
import type { HostIntent } from './intent';
import { showAll } from './span';
import { showWholeTree } from './view';

const noSamples = 'This run has no samples: the program ended before the first one was taken.';

export function reduceHost(state: State, intent: HostIntent): Outcome {
  switch (intent.type) {
    case 'reset': {
      const { run, title, live, native, onlyMyCode } = intent;
      const message = live ? 'Waiting for the first samples…' : 'Reading the recording…';
      return everything({
        ...stateOfRun(state, { run, title, live, native, onlyMyCode }),
        message,
      });
    }
    case 'rows':
      return takeRows(state, intent.ended);
    case 'memoryRead':
      return outcome({ ...state, memory: intent.memory });
    case 'metric': {
      const { metric, label } = intent;
      const leading = { metric, label };
      return showWholeTree({
        ...state,
        leading,
        metric: isFlameMetric(metric) ? metric : state.metric,
      });
    }
    case 'range': {
      const { range, text } = intent;
      return showWholeTree({ ...state, range: range && { range, text } });
    }
    case 'sampling':
      return outcome({ ...state, sampling: intent.text }, { do: 'draw', what: 'status' });
    case 'done': {
      const next = { ...state, live: false, complete: true, message: noSamples };
      return state.store.sampleCount > 0 ? outcome(next) : everything(next);
    }
    case 'highlight': {
      const { path, line } = intent;
      return highlight(state, path === null ? null : { path, line }, intent.reveal);
    }
    case 'message': {
      const none = { run: '', title: '', live: false, native: state.native, onlyMyCode: false };
      return everything({ ...stateOfRun(state, none), message: intent.text });
    }
  }
}

function takeRows(state: State, ended: boolean): Outcome {
  const next = withMarks({ ...state, shown: tracksToShow(state, ended) });
  const drawn = everything(withGrownSpans(next));
  const followed = andThen(drawn, (grown) =>
    grown.following && grown.mode !== 'merged' ? showAll(grown, grown.live) : outcome(grown),
  );
  return andThen(followed, reveal);
}

function highlight(state: State, line: State['highlight'], wantsReveal: boolean): Outcome {
  const marked = withMarks({ ...state, highlight: line, wantsReveal });
  const { mode } = marked;
  const next: State = wantsReveal
    ? { ...marked, mode: mode === 'table' ? 'time' : mode, tree: 'top' }
    : marked;
  return andThen(andThen(everything(next), reveal), (shown) => {
    const isMissing = shown.wantsReveal && line && !shown.live && shown.store.sampleCount > 0;
    if (!isMissing) return outcome(shown);
    const text = `Line ${line.line} was not seen in this run.`;
    return outcome(shown, { do: 'announce', text });
  });
}
