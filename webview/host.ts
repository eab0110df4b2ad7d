/** What the panel needs of the code around it. */
import type { FromPanel } from '../protocol/panel';
import type { State } from './state/state';

/** How the panel is looked at, kept while it is hidden. */
export type Look = Pick<State, 'mode' | 'tree' | 'metric'>;

export interface Host {
  post: (message: FromPanel) => void;
  /** Shows an error in the panel, and tells the host of the panel. */
  fail: (error: unknown) => void;
  remember: (look: Look) => void;
}
