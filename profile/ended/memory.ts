/**
 * The memory of processes that have ended. Of those that ended last each is told apart, with its own times; of those
 * before them the places are merged: what each place allocated, held and kept is added up exactly, but when that was is only known as
 * exactly as a run can be cut into few slices.
 */
import type { Cells } from '../feed/cells';
import type { LineCosts } from '../feed/lineCosts';
import { MeanFootprint } from './meanFootprint';
import { chargeMemory, type MemoryFeed } from '../feed/memoryFeed';
import { MemorySites } from '../memory/sites';
import type { SharedStacks } from './sharedStacks';
import type { ProcessMemory } from '../memory/types';

/** A process with its memory. */
interface Measured {
  readonly startNs: number;
  memory: MemoryFeed | undefined;
}

export class EndedMemory {
  /** All processes but those that are told apart. */
  readonly sites = new MemorySites(true);
  /** Of the same, means. */
  readonly footprint = new MeanFootprint();
  /** How many those are. */
  mergedProcesses = 0;
  /** Where their time begins: the start of the first one. */
  startNs = 0;
  revision = 0;
  /** The earliest to end first. */
  readonly #apart: { process: Measured; memory: MemoryFeed; info: ProcessMemory }[] = [];
  #placesApart = 0;

  /** mostApart: so many places are told apart by the processes they are of. */
  constructor(
    private readonly lines: LineCosts,
    readonly stacks: SharedStacks,
    readonly cells: Cells,
    private readonly mostApart: number,
  ) {}

  /** Takes over the memory of a process that has ended. Merging it takes it away from the process. */
  adopt(process: Measured, memory: MemoryFeed, info: ProcessMemory, cellNow: Uint32Array): void {
    memory.compact(this, cellNow);
    this.#apart.push({ process, memory, info });
    this.#placesApart += memory.sites.count;
    while (this.#placesApart > this.mostApart && this.#apart.length > 1) this.#mergeFirst();
  }

  /** Tells lines and functions what has changed. */
  settle(): void {
    for (const { memory } of this.#apart) memory.charge();
    for (const site of this.sites.takeChanged()) {
      const stack = this.cells.stack[this.sites.cell[site]!]!;
      chargeMemory(this.lines, this.stacks, stack, this.sites, site);
    }
  }

  #mergeFirst(): void {
    const { process, memory, info } = this.#apart.shift()!;
    if (this.mergedProcesses++ === 0) this.startNs = process.startNs;
    const shiftNs = process.startNs - this.startNs;
    memory.forget();
    this.sites.adopt(memory.sites, shiftNs);
    this.footprint.add(info.footprint, shiftNs, memory.sites.process.livedNs);
    this.revision += memory.revision;
    this.#placesApart -= memory.sites.count;
    process.memory = undefined;
  }
}
