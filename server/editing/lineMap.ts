/** Follows lines through edits: which line of the text that ran is which line of the text there is now. */

/** Where a line is in the other text, 1-based. stale: the line was changed, and this one stands in its place. */
export interface MappedLine {
  line: number;
  stale: boolean;
}

/** Both directions; undefined for a line that has no counterpart (deleted, or new). */
export interface LineMap {
  toCurrent(line: number): MappedLine | undefined;
  toCaptured(line: number): MappedLine | undefined;
}

/** Gaps of up to this many pairs of lines are compared pair by pair. */
const pairLimit = 250_000;

/**
 * Maps the lines of two texts. Equal lines (white space at the end aside) are matched in order, unmoved ones first,
 * around lines that are unique in both texts. Between two matches, changed lines are paired from the
 * top.
 */
export function mapLines(captured: readonly string[], current: readonly string[]): LineMap {
  const ids = new Map<string, number>();
  const from = lineIds(captured, ids);
  const to = lineIds(current, ids);
  const forward = new Int32Array(from.length).fill(-1);
  matchRange(from, to, { from: 0, fromEnd: from.length, to: 0, toEnd: to.length }, forward);
  const backward = new Int32Array(to.length).fill(-1);
  forward.forEach((at, index) => {
    if (at >= 0) {
      backward[at] = index;
    }
  });
  const changed = pairChanged(forward, backward);
  return {
    toCurrent: (line) => mapped(line - 1, forward, changed.forward),
    toCaptured: (line) => mapped(line - 1, backward, changed.backward),
  };
}

function mapped(index: number, equal: Int32Array, changed: Int32Array): MappedLine | undefined {
  const same = equal[index] ?? -1;
  const place = same >= 0 ? same : (changed[index] ?? -1);
  return place < 0 ? undefined : { line: place + 1, stale: same < 0 };
}

/** Lines as numbers, equal for equal lines. */
function lineIds(lines: readonly string[], ids: Map<string, number>): Int32Array {
  return Int32Array.from(lines, (line) => {
    const text = line.trimEnd();
    let id = ids.get(text);
    if (id === undefined) {
      id = ids.size;
      ids.set(text, id);
    }
    return id;
  });
}

interface Range {
  from: number;
  fromEnd: number;
  to: number;
  toEnd: number;
}

/** Fills matches for a range, by an explicit stack: texts can be long and very different. */
function matchRange(from: Int32Array, to: Int32Array, whole: Range, matches: Int32Array): void {
  const open = [whole];
  for (let range = open.pop(); range; range = open.pop()) {
    const rest = trim(from, to, range, matches);
    if (rest.from === rest.fromEnd || rest.to === rest.toEnd) {
      continue;
    }
    const anchors = uniqueAnchors(from, to, rest);
    if (anchors.length > 0) {
      let { from: start, to: toStart } = rest;
      for (const [a, b] of anchors) {
        matches[a] = b;
        open.push({ from: start, fromEnd: a, to: toStart, toEnd: b });
        start = a + 1;
        toStart = b + 1;
      }
      open.push({ from: start, fromEnd: rest.fromEnd, to: toStart, toEnd: rest.toEnd });
    } else if ((rest.fromEnd - rest.from) * (rest.toEnd - rest.to) <= pairLimit) {
      matchPairs(from, to, rest, matches);
    }
  }
}

/** Matches the equal lines at both ends and returns what is between. */
function trim(from: Int32Array, to: Int32Array, range: Range, matches: Int32Array): Range {
  const rest = { ...range };
  while (rest.from < rest.fromEnd && rest.to < rest.toEnd && from[rest.from] === to[rest.to]) {
    matches[rest.from++] = rest.to++;
  }
  while (
    rest.fromEnd > rest.from &&
    rest.toEnd > rest.to &&
    from[rest.fromEnd - 1] === to[rest.toEnd - 1]
  ) {
    matches[--rest.fromEnd] = --rest.toEnd;
  }
  return rest;
}

/** The longest run of lines, in order in both texts, among those that each has once in the range. */
function uniqueAnchors(from: Int32Array, to: Int32Array, range: Range): [number, number][] {
  /** By line; `to` is -1 until the line is found there. */
  const places = new Map<number, { from: number; to: number; once: boolean }>();
  for (let index = range.from; index < range.fromEnd; index++) {
    const known = places.get(from[index]!);
    if (known) {
      known.once = false;
    } else {
      places.set(from[index]!, { from: index, to: -1, once: true });
    }
  }
  for (let index = range.to; index < range.toEnd; index++) {
    const known = places.get(to[index]!);
    if (known) {
      known.once &&= known.to < 0;
      known.to = index;
    }
  }
  const candidates = [...places.values()].filter(({ once, to: at }) => once && at >= 0);
  return longestIncreasing(candidates.map(({ from: a, to: b }) => [a, b]));
}

/** The longest subsequence whose second numbers increase; the first ones do already. */
function longestIncreasing(pairs: [number, number][]): [number, number][] {
  const tails: number[] = [];
  const previous = new Int32Array(pairs.length).fill(-1);
  pairs.forEach(([, value], index) => {
    let low = 0;
    let high = tails.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (pairs[tails[middle]!]![1] < value) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    previous[index] = low > 0 ? tails[low - 1]! : -1;
    tails[low] = index;
  });
  const chosen: [number, number][] = [];
  for (let at = tails.at(-1) ?? -1; at >= 0; at = previous[at]!) {
    chosen.push(pairs[at]!);
  }
  return chosen.reverse();
}

/** Longest common subsequence, pair by pair. */
function matchPairs(from: Int32Array, to: Int32Array, range: Range, matches: Int32Array): void {
  const rows = range.fromEnd - range.from;
  const columns = range.toEnd - range.to;
  const width = columns + 1;
  const longest = new Int32Array((rows + 1) * width);
  for (let row = rows - 1; row >= 0; row--) {
    for (let column = columns - 1; column >= 0; column--) {
      const at = row * width + column;
      longest[at] =
        from[range.from + row] === to[range.to + column]
          ? longest[at + width + 1]! + 1
          : Math.max(longest[at + width]!, longest[at + 1]!);
    }
  }
  let row = 0;
  let column = 0;
  while (row < rows && column < columns) {
    const at = row * width + column;
    if (from[range.from + row] === to[range.to + column]) {
      matches[range.from + row++] = range.to + column++;
    } else if (longest[at + width]! >= longest[at + 1]!) {
      row++;
    } else {
      column++;
    }
  }
}

/** Pairs lines without a match, from the top of each gap between matches. */
function pairChanged(
  forward: Int32Array,
  backward: Int32Array,
): { forward: Int32Array; backward: Int32Array } {
  const pairs = {
    forward: new Int32Array(forward.length).fill(-1),
    backward: new Int32Array(backward.length).fill(-1),
  };
  let to = 0;
  for (let from = 0; from < forward.length; from++) {
    const match = forward[from]!;
    if (match >= 0) {
      to = match + 1;
    } else if (to < backward.length && backward[to] === -1) {
      pairs.forward[from] = to;
      pairs.backward[to++] = from;
    }
  }
  return pairs;
}
