/**
 * A profile of a part of the run's time, or with the time of libraries charged to the user's own lines that called
 * them. It is made from the same cells as the whole, so that the parts add up to it.
 */
import { chargeCell } from '../feed/charge';
import type { Cells } from '../feed/cells';
import { addCost, costOfRow, costRowLength, cpuOf, zeroCost, type CostSum } from '../cost';
import type { Fold } from './fold';
import { LineCosts } from '../feed/lineCosts';
import type { ResolvedFrame } from '../feed/lineEntries';
import type { RunPlaces } from './places';
import type { StackTree } from '../stacks/stackTree';
import { CellTime, type TimeRange } from './timePart';
import type { Rows } from '../flame/rows';
import type { Cost, FileCost, FunctionCost, Profile } from '../types';
import { ViewedStacks } from './stacks';

export type { TimeRange } from './timePart';

/** How a run is looked at. */
export interface View {
  /** Only this part of the run's time. */
  range?: TimeRange;
  /** Only the user's own code: other code is folded into it. */
  fold?: Fold;
}

/** Places of a process, or of several together, with the rows of their threads. */
export interface TimedPlaces {
  stacks: StackTree;
  cells: Cells;
  /** shiftNs: when the process started, in the run's time. */
  tracks: Iterable<{ rows: Rows; shiftNs: number }>;
}

/** What a view is made from; ProfileBuilder has it. */
interface TimedRun extends RunPlaces {
  timedPlaces(): TimedPlaces[];
}

/** Places as a view has them. They do not change when the run goes on. */
export interface ViewedPlaces extends RunPlaces {
  readonly view: View;
  readonly lines: LineCosts;
  readonly places: readonly ViewedPart[];
}

interface ViewedPart {
  readonly stacks: ViewedStacks;
  readonly cells: Pick<Cells, 'count' | 'stack' | 'leaf' | 'total'>;
}

/** The places of a run in a view. Memory is not known by time. */
export function viewedPlaces(run: TimedRun, view: View): ViewedPlaces {
  const lines = new LineCosts();
  const frames = new Map<ResolvedFrame, ResolvedFrame>();
  const { range, fold } = view;
  return {
    view,
    lines,
    places: run.timedPlaces().map(({ stacks, cells, tracks }) => ({
      stacks: new ViewedStacks(stacks, lines, frames, fold),
      cells: {
        count: cells.count,
        stack: cells.stack,
        leaf: (cell) => cells.leaf(cell),
        total: range ? costsWithin(cells, tracks, range) : cells.total,
      },
    })),
    memoryPlaces: range ? undefined : run.memoryPlaces,
  };
}

/** The whole profile as a view shows it. Memory and GPUs of a part of the time are not known by line. */
export function viewedProfile(whole: Profile, { view, lines, places }: ViewedPlaces): Profile {
  const { range, fold } = view;
  if (!range && !fold) return whole;
  const total = zeroCost();
  const alone = zeroCost();
  for (const { stacks, cells } of places) {
    const fresh = { ...cells, fresh: cells.total };
    for (let cell = 0; cell < cells.count; cell++) {
      const row = cell * costRowLength;
      if (isEmpty(cells.total, row)) continue;
      addCost(total, costOfRow(cells.total, row));
      if (cells.stack[cell] === 0 && cells.leaf(cell)?.foreign) {
        addCost(alone, costOfRow(cells.total, row));
      }
      chargeCell(lines, stacks, fresh, cell);
    }
  }
  const files = lines.snapshot();
  withoutHelped(total, alone);
  if (!range) return { ...whole, files: fold ? withRest(files, whole, fold) : files };
  const untilNs = Math.min(range.untilNs, whole.elapsedNs);
  return {
    ...whole,
    files,
    range: { fromNs: range.fromNs, untilNs },
    total,
    cpuNs: cpuOf(total),
    elapsedNs: Math.max(0, untilNs - range.fromNs),
    memory: null,
  };
}

function costsWithin(
  cells: Cells,
  tracks: TimedPlaces['tracks'],
  range: TimeRange,
): Float64Array<ArrayBuffer> {
  const time = new CellTime(cells);
  for (const { rows, shiftNs } of tracks) time.add(rows, shiftNs, range);
  return time.costs();
}

/**
 * Corrects the sum of all cells, where the work of helpers is counted twice: in the helper's own cell, without Python
 * code, and in the cell that it worked for. alone: the sum over the cells without Python code.
 */
function withoutHelped(total: CostSum, alone: Cost): void {
  const kinds = ['python', 'native', 'system'] as const;
  const cpuAlone = kinds.reduce((sum, kind) => sum + alone[kind], 0);
  const part = cpuAlone > 0 ? Math.min(1, total.helper / cpuAlone) : 0;
  for (const kind of [...kinds, 'runtime'] as const) total[kind] -= part * alone[kind];
}

function isEmpty(costs: Float64Array, row: number): boolean {
  for (let at = row; at < row + costRowLength; at++) if (costs[at] !== 0) return false;
  return true;
}

/**
 * The user's own files. Memory, GPUs and helpers are those of the whole, since a line has those of the libraries it
 * calls in any case. Only self cost and native functions differ from the whole.
 */
function withRest(
  files: ReadonlyMap<string, FileCost>,
  whole: Profile,
  fold: Fold,
): Map<string, FileCost> {
  const found = new Map(files);
  for (const [path, file] of whole.files) {
    if (!fold.keepsFile(path)) continue;
    const viewed = files.get(path);
    const lines = new Map(viewed?.lines.map((line) => [line.line, line]));
    const functions = new Map(viewed?.functions.map((item) => [nameOf(item), item]));
    found.set(path, {
      path,
      lines: file.lines.map((line) => {
        const { self, natives } = lines.get(line.line) ?? line;
        return { ...line, self, natives };
      }),
      functions: file.functions.map((item) => ({
        ...item,
        self: (functions.get(nameOf(item)) ?? item).self,
      })),
    });
  }
  return found;
}

function nameOf({ line, qualname }: FunctionCost): string {
  return `${line} ${qualname}`;
}
