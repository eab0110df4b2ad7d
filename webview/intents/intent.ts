/** Everything that the user or the host can ask of the panel, as plain data. reduce.ts handles each. */
import type { FlameMemory } from '../../profile/flame/memory';
import type { ToPanel } from '../../protocol/panel';
import type { SavedFormat } from '../../protocol/savedPage';
import type { FlameMetric } from '../model/merged';
import type { Direction } from '../state/navigate';
import type { Axis, Focus, Span } from '../state/state';
import type { ViewName } from '../state/views';

/** Messages of the host; those with bytes in them arrive decoded. */
export type HostIntent =
  | Exclude<ToPanel, { type: 'chunk' | 'memory' }>
  /** Rows were appended to the store, or the memory of the run changed. ended: there will be no more. */
  | { type: 'rows'; ended: boolean }
  | { type: 'memoryRead'; memory: FlameMemory };

/** How the run is looked at. */
export type ViewIntent =
  | { type: 'setView'; view: ViewName }
  /** Between time order and left heavy. */
  | { type: 'toggleView' }
  /** Left heavy with callees first, or with callers first. */
  | { type: 'invert' }
  | { type: 'setMetric'; metric: FlameMetric }
  /** What grew, or was freed, in the chosen time. */
  | { type: 'showChange'; metric: 'growth' | 'freed' }
  /** Callers and callees of a function. */
  | { type: 'showFunction'; fn: number; kind: number }
  /** As State.only. */
  | { type: 'setOnly'; only: string }
  | { type: 'setSearch'; text: string }
  /** Open or close a heading. */
  | { type: 'toggleHeading'; key: string }
  | { type: 'goAlong'; by: 1 | -1 }
  | { type: 'showMemory' };

/** Which part of the horizontal axis is visible. */
export type SpanIntent =
  /** A gesture moved the view. */
  | { type: 'moved'; span: Span }
  /** An animation moved an axis on its way to a span that somebody chose; its view may be out of sight by now. */
  | { type: 'glided'; axis: Axis; span: Span }
  | { type: 'zoomBy'; factor: number }
  /** By a share of what is visible. */
  | { type: 'panBy'; share: number }
  /** Show everything. */
  | { type: 'fit' }
  | { type: 'zoomTo'; focus: Focus }
  | { type: 'zoomToFocus' }
  /** A part of the run's time was brushed: show it, or what happened to memory in it. */
  | { type: 'chooseTime'; span: Span }
  /** widthPx: of the chart, CSS px; closer: zoom in when the frame is too narrow to be seen. */
  | { type: 'bringIntoView'; focus: Focus; closer: boolean; widthPx: number };

/** Which frame has the focus. */
export type FocusIntent =
  | { type: 'select'; focus: Focus | null }
  | { type: 'point'; focus: Focus | null }
  /** To a neighbour. nsPerPx: of the axis, so that every press moves by at least a pixel. */
  | { type: 'move'; direction: Direction; nsPerPx: number }
  /** To the next (1) or previous (−1) match of the search. */
  | { type: 'step'; by: 1 | -1 }
  | { type: 'escape' };

/** Done outside the chart. */
export type ActionIntent =
  /** Show the source line; the keyboard goes there too if `go`. */
  | { type: 'open'; focus: Focus; go: boolean }
  | { type: 'openFocused' }
  | { type: 'openFunction'; fn: number; frame: number }
  | { type: 'copyStack' }
  | { type: 'save'; format: SavedFormat }
  | { type: 'toggleNative' }
  | { type: 'toggleOnlyMyCode' }
  /** Make figures everywhere those of the time in view, or of the whole run again. */
  | { type: 'toggleRange' }
  | { type: 'turnOnMemory' }
  | { type: 'openLastRun' }
  | { type: 'toggleHelp' }
  | { type: 'focusSearch' }
  | { type: 'scrollPage'; pages: number }
  | { type: 'announce'; text: string }
  | { type: 'themeChanged' };

export type Intent = HostIntent | ViewIntent | SpanIntent | FocusIntent | ActionIntent;

/** Takes an intent: changes the state and carries out the effects. */
export type Dispatch = (intent: Intent) => void;
