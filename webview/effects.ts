/** Carries out the effects of intents: drawing, scrolling, keyboard focus, announcements, messages to the host. */
import type { Parts } from './parts';
import type { Redraw } from './redraw';
import type { Host } from './host';
import { saveView } from './save/saveView';
import type { State } from './state/state';
import type { Effect } from './intents/effect';
import type { Dispatch } from './intents/intent';

/** A function that carries out an effect; `dispatch` takes the intents that effects lead to. */
export function createEffects(
  state: State,
  parts: Parts,
  redraw: Redraw,
  host: Host,
  dispatch: Dispatch,
): (effect: Effect) => void {
  const { chart, zoom, toolbar, footprint, help, figures, mirror, status } = parts;
  const say = (text: string): void => {
    mirror.announce(text);
    status.flash(text);
  };
  return (effect) => {
    switch (effect.do) {
      case 'draw':
        redraw[effect.what]();
        return;
      case 'drawChartNow':
        chart.paint();
        return;
      case 'retheme':
        chart.retheme();
        return;
      case 'glide':
        zoom.glideTo(effect.to);
        return;
      case 'settle':
        zoom.settle();
        return;
      case 'show': {
        const { focus, closer } = effect;
        const widthPx = Math.max(1, chart.surface.clientWidth);
        dispatch({ type: 'bringIntoView', focus, closer, widthPx });
        return;
      }
      case 'scrollTo':
        chart.revealRow(effect.focus);
        return;
      case 'scrollToCenter':
        chart.revealCenter();
        return;
      case 'scrollPage':
        chart.scroller.scrollTop += effect.pages * chart.scroller.clientHeight;
        return;
      case 'focus':
        if (effect.what === 'chart') chart.scroller.focus();
        else if (effect.what === 'search') toolbar.focusSearch();
        else footprint.focus();
        return;
      case 'clearSearchBox':
        toolbar.clearSearch();
        return;
      case 'help':
        help.show(state.help);
        return;
      case 'showFigures':
        figures.show();
        return;
      case 'announce':
        mirror.announce(effect.text);
        return;
      case 'say':
        say(effect.text);
        return;
      case 'save':
        saveView(state, chart, effect.format)
          .then((saved) => {
            if (typeof saved === 'string') say(saved);
            else host.post({ type: 'save', format: effect.format, data: saved });
          })
          .catch(host.fail)
          .finally(redraw.chart);
        return;
      case 'post':
        host.post(effect.message);
        return;
    }
  };
}
