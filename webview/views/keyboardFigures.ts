/** Shows the card with figures at the frame that arrow keys led to, as the pointer does. */
import type { Chart } from '../draw/chart';
import type { HoverCard } from './hover';
import type { State } from '../state/state';

/** ms after a key: when a view that jumped is painted, and when one that glides has arrived. */
const moments = [40, 260];

/** `show` shows the card of the focused frame once the view has come to rest. */
export function createKeyboardFigures(
  state: State,
  chart: Chart,
  card: HoverCard,
): { show: () => void } {
  let timers: ReturnType<typeof setTimeout>[] = [];
  const showNow = (): void => {
    const { focus } = state;
    const box = focus && chart.boxOf(focus);
    if (!box) return;
    const surface = chart.surface.getBoundingClientRect();
    const room = card.element.parentElement!.getBoundingClientRect();
    const x = Math.max(0, box.x) + Math.min(40, box.width / 2);
    card.show(focus, x + surface.left - room.left, box.y + 4 + surface.top - room.top);
  };
  return {
    show: () => {
      timers.forEach(clearTimeout);
      const { focus } = state;
      timers = moments.map((ms) =>
        setTimeout(() => {
          if (focus && state.focus === focus) showNow();
        }, ms),
      );
    },
  };
}
