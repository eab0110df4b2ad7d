/** The call trees of the merged views, and the function that the sandwich view is about. */
import { mergeStacks, type Merged } from '../model/merged';
import { functionTable } from '../model/stats';
import type { FlameStore } from '../model/store';
import { aroundFunction, invertStacks } from '../model/trees';
import { frameKinds, type FrameKind } from '../../profile/flame/tables';
import type { TreeShape } from './state';

/** A function in words, which are the same when a run is sent again with other numbers. */
export interface Center {
  name: string;
  file: string;
  line: number;
  module: string;
  kind: FrameKind;
}

export interface Trees {
  main: Merged;
  /** Of the sandwich view, what is above the function; null in the others. */
  callers: Merged | null;
}

/** The trees of a view. */
export function makeTrees(
  store: FlameStore,
  weight: Float64Array,
  count: Float64Array,
  shape: TreeShape,
  center: Center | null,
): Trees {
  if (shape === 'inverted') return { main: invertStacks(store, weight, count), callers: null };
  const middle = shape === 'sandwich' ? findCenter(store, weight, center) : null;
  if (!middle) return { main: mergeStacks(store, weight, count), callers: null };
  const { callers, callees } = aroundFunction(store, weight, count, middle.fn, middle.kind);
  return { main: callees, callers };
}

/** The function and kind of a frame, in words. */
export function centerOf(store: FlameStore, stack: number): Center {
  const frame = store.stackFrame[stack]!;
  const words = store.describeFunction(store.frameFunction[frame]!);
  return { ...words, kind: store.kindOf(stack) };
}

function findCenter(
  store: FlameStore,
  weight: Float64Array,
  center: Center | null,
): { fn: number; kind: number } | null {
  if (center) {
    const kind = frameKinds.indexOf(center.kind);
    for (let fn = 0; fn < store.functionCount; fn++) {
      const words = store.describeFunction(fn);
      if (
        words.name === center.name &&
        words.file === center.file &&
        words.line === center.line &&
        words.module === center.module
      ) {
        return { fn, kind };
      }
    }
  }
  return functionTable(store, weight)[0] ?? null;
}
