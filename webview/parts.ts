/** The parts of the panel. All read one state; a user's actions on them become intents. */
import { createFootprint } from './draw/footprint';
import { createChart } from './draw/chart';
import { createMinimap } from './draw/minimap';
import { listenToKeys } from './controls/keys';
import { listenToPointer } from './controls/pointer';
import { createToolbar } from './controls/toolbar';
import { createZoom } from './controls/zoom';
import type { Dispatch } from './intents/intent';
import type { State } from './state/state';
import { createEmptyNote } from './views/emptyText';
import { createHelp } from './views/help';
import { createHoverCard } from './views/hover';
import { createKeyboardFigures } from './views/keyboardFigures';
import { createMirror } from './views/mirror';
import { createRangeChip } from './views/rangeChip';
import { createStatusLine } from './views/statusLine';
import { createTable } from './views/table';

export type Parts = ReturnType<typeof createParts>;

/** The parts of a state. Nothing is drawn until somebody asks. */
export function createParts(state: State, dispatch: Dispatch) {
  const chart = createChart(state);
  const card = createHoverCard(state);
  const rangeChip = createRangeChip(state, dispatch);
  const scrollBy = (px: number): void => {
    chart.scroller.scrollTop += px;
  };
  listenToKeys(chart, dispatch);
  return {
    chart,
    card,
    rangeChip,
    toolbar: createToolbar(state, rangeChip.element, dispatch),
    minimap: createMinimap(state, (span) => dispatch({ type: 'chooseTime', span })),
    footprint: createFootprint(state, dispatch),
    table: createTable(state, dispatch),
    empty: createEmptyNote(state, dispatch),
    help: createHelp(),
    status: createStatusLine(state),
    mirror: createMirror(state, chart.scroller),
    figures: createKeyboardFigures(state, chart, card),
    zoom: createZoom(state, chart.surface, scrollBy, dispatch),
    hideCard: listenToPointer(state, chart, card, dispatch),
  };
}
