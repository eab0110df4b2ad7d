/** The colours of the kinds of frames, of those that this run has. */
import type { FlameStore } from '../model/store';
import { frameKinds } from '../../profile/flame/tables';
import { el } from '../dom';
import type { State } from '../state/state';

const labels: Record<(typeof frameKinds)[number], string> = {
  python: 'Python',
  native: 'native',
  system: 'system',
  wait: 'waiting',
  gil: 'GIL',
  queue: 'no core',
};

const titles: Partial<typeof labels> = {
  native: 'Compiled code',
  system: 'The kernel, working for the program',
  wait: 'Not on a processor at all',
  gil: 'Waiting for the interpreter lock',
  queue: 'Ready to run, but without a core',
};

/** Kinds of frames that a store has, by number, with their names. */
export function legendOf(store: FlameStore): { kind: number; label: string }[] {
  const isPresent = new Uint8Array(frameKinds.length);
  for (let frame = 0; frame < store.frameCount; frame++) isPresent[store.frameKind[frame]!] = 1;
  return frameKinds.flatMap((name, kind) =>
    isPresent[kind] ? [{ kind, label: labels[name] }] : [],
  );
}

/** A small legend; `update` does something only when there are new frames. */
export function createLegend(state: State): { element: HTMLElement; update: () => void } {
  const element = el('span', { class: 'legend', role: 'group', 'aria-label': 'Colors' });
  let shown: { store: FlameStore; frames: number } | null = null;
  return {
    element,
    update: () => {
      const { store } = state;
      if (shown?.store === store && shown.frames === store.frameCount) return;
      shown = { store, frames: store.frameCount };
      element.replaceChildren(
        ...legendOf(store).map(({ kind, label }) => {
          const name = frameKinds[kind]!;
          const item = el('span', { class: 'legend-item', 'data-kind': name }, label);
          item.title = titles[name] ?? '';
          return item;
        }),
      );
    },
  };
}
