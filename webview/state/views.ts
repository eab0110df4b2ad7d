/** The views that the buttons of the toolbar choose between. */
import type { State } from './state';

export type ViewName = 'time' | 'merged' | 'sandwich' | 'table';

/** The view a state shows. */
export function viewOf({ mode, tree }: Pick<State, 'mode' | 'tree'>): ViewName {
  return mode === 'merged' && tree === 'sandwich' ? 'sandwich' : mode;
}
