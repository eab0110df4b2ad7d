/**
 * The memory of processes that have ended. The last ones to end are kept apart, each with its own times. The sites of
 * the others are merged: what each site allocated, held and kept is added up exactly, but the times are only as exact
 * as the slices that the run is cut into.
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

/** The memory of a run's ended processes; part of EndedProcesses. */
export class EndedMemory {
  /** The sites of all processes that are not kept apart. */
  readonly sites = new MemorySites(true);
  /** The mean footprint of those processes. */
  readonly footprint = new MeanFootprint();
  /** How many they are. */
  mergedProcesses = 0;
  /** When the first of them started: their time begins there. */
  startNs = 0;
  revision = 0;
  /** Processes that are kept apart, the earliest to end first. */
  readonly #apart: { process: Measured; memory: MemoryFeed; info: ProcessMemory }[] = [];
  #placesApart = 0;

  /** mostApart: how many sites are kept apart by process. */
  constructor(
    private readonly lines: LineCosts,
    readonly stacks: SharedStacks,
    readonly cells: Cells,
    private readonly mostApart: number,
  ) {}

  /** Takes over the memory of a process that has ended. Once merged, the process has none of its own. */
  adopt(process: Measured, memory: MemoryFeed, info: ProcessMemory, cellNow: Uint32Array): void {
    memory.compact(this, cellNow);
    this.#apart.push({ process, memory, info });
    this.#placesApart += memory.sites.count;
    while (this.#placesApart > this.mostApart && this.#apart.length > 1) this.#mergeFirst();
  }

  /** Charges lines and functions for sites that have changed. */
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
