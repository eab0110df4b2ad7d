/** Which function handles which intent. */
import type { State } from '../state/state';
import { reduceAction } from './action';
import type { Outcome } from './effect';
import { reduceFocus } from './focus';
import { reduceHost } from './fromHost';
import type { Intent } from './intent';
import { reduceSpan } from './span';
import { reduceView } from './view';

/** The next state and the effects of an intent. Pure: draws, sends and changes nothing. */
export function reduce(state: State, intent: Intent): Outcome {
  switch (intent.type) {
    case 'reset':
    case 'rows':
    case 'memoryRead':
    case 'metric':
    case 'range':
    case 'sampling':
    case 'done':
    case 'highlight':
    case 'message':
      return reduceHost(state, intent);
    case 'setView':
    case 'toggleView':
    case 'invert':
    case 'setMetric':
    case 'showChange':
    case 'showFunction':
    case 'setOnly':
    case 'setSearch':
    case 'toggleHeading':
    case 'goAlong':
    case 'showMemory':
      return reduceView(state, intent);
    case 'moved':
    case 'glided':
    case 'zoomBy':
    case 'panBy':
    case 'fit':
    case 'zoomTo':
    case 'zoomToFocus':
    case 'chooseTime':
    case 'bringIntoView':
      return reduceSpan(state, intent);
    case 'select':
    case 'point':
    case 'move':
    case 'step':
    case 'escape':
      return reduceFocus(state, intent);
    default:
      return reduceAction(state, intent);
  }
}
