/** How much of the cost of cells lies in a stretch of the run's time, told from the rows of the tracks. */
import { costRow, costRowLength } from '../cost';
import type { Cells } from '../feed/cells';
import type { Rows } from '../flame/rows';

/** A stretch of time, ns since the run's start; untilNs may be Infinity. */
export interface TimeRange {
  fromNs: number;
  untilNs: number;
}

/** Sums over rows by cell: CPU time and other time, in the range and in all. */
export class CellTime {
  readonly #cpu: Float64Array;
  readonly #cpuIn: Float64Array;
  readonly #idle: Float64Array;
  readonly #idleIn: Float64Array;

  constructor(private readonly cells: Pick<Cells, 'count' | 'total'>) {
    this.#cpu = new Float64Array(cells.count);
    this.#cpuIn = new Float64Array(cells.count);
    this.#idle = new Float64Array(cells.count);
    this.#idleIn = new Float64Array(cells.count);
  }

  /** Adds the rows of a thread; shiftNs: when its process started, in the run's time. */
  add({ cell, start, wall, cpu }: Rows, shiftNs: number, { fromNs, untilNs }: TimeRange): void {
    for (let row = 0; row < cell.length; row++) {
      const begin = start[row]! + shiftNs;
      const shared = Math.min(begin + wall[row]!, untilNs) - Math.max(begin, fromNs);
      const part = shared <= 0 ? 0 : wall[row]! > 0 ? shared / wall[row]! : 1;
      const id = cell[row]!;
      const ran = cpu[row]!;
      const idle = Math.max(0, wall[row]! - ran);
      this.#cpu[id]! += ran;
      this.#idle[id]! += idle;
      this.#cpuIn[id]! += part * ran;
      this.#idleIn[id]! += part * idle;
    }
  }

  /**
   * Cost rows of the cells within the range. The CPU time of a cell is divided as that of its rows, and its waiting
   * as the other time of its rows. Rows do not tell when helpers worked: their time is divided as all time of the
   * cell. Cells without rows are divided as all cells together.
   */
  costs(): Float64Array<ArrayBuffer> {
    const { count, total } = this.cells;
    const costs = new Float64Array(count * costRowLength);
    const sum = (column: Float64Array): number => column.reduce((a, b) => a + b, 0);
    const [cpu, cpuIn, idle, idleIn] = [this.#cpu, this.#cpuIn, this.#idle, this.#idleIn].map(sum);
    const ofAll = part(cpuIn! + idleIn!, cpu! + idle!, 0);
    for (let cell = 0; cell < count; cell++) {
      const [ran, ranIn] = [this.#cpu[cell]!, this.#cpuIn[cell]!];
      const [rest, restIn] = [this.#idle[cell]!, this.#idleIn[cell]!];
      const time = part(ranIn + restIn, ran + rest, ofAll);
      const running = part(ranIn, ran, time);
      const waiting = part(restIn, rest, time);
      const row = cell * costRowLength;
      for (const [kind, index] of Object.entries(costRow)) {
        const share = cpuKinds.has(kind) ? running : idleKinds.has(kind) ? waiting : time;
        costs[row + index] = share * total[row + index]!;
      }
      costs[row + costRow.samples] = Math.round(costs[row + costRow.samples]!);
    }
    return costs;
  }
}

const cpuKinds = new Set<string>(['python', 'runtime', 'native', 'system']);
const idleKinds = new Set<string>(['wait', 'gil', 'queue']);

function part(within: number, all: number, otherwise: number): number {
  return all > 0 ? within / all : otherwise;
}
