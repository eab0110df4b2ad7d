/** Which part of a line allocated, held or copied how much memory. */
import type { PartAmount } from '../words/expressions';
import { columnsOf } from './lineParts';
import { siteRow } from '../memory/siteRow';
import type { MemoryMetric } from '../metric';
import type { RunPlaces } from './places';

const figures: Record<MemoryMetric, number> = {
  allocated: siteRow.allocated,
  peak: siteRow.peak,
  growth: siteRow.live,
  copied: siteRow.copied,
};

/** Bytes of a line by its parts, under a metric; samples are the records behind them. None where memory was not measured. */
export function memoryParts(
  { memoryPlaces }: RunPlaces,
  path: string,
  line: number,
  metric: MemoryMetric,
): PartAmount[] {
  const parts = new Map<string, PartAmount>();
  memoryPlaces?.sharesOf(path, line)?.each((sites, site) => {
    const { stacks, cells } = memoryPlaces.placesOf(sites);
    // Of the frames in a file, the innermost one is charged.
    let node = stacks.visible(cells.stack[sites.cell[site]!]!);
    while (node !== 0 && stacks.frame(node)?.line.file.path !== path) node = stacks.parentOf(node);
    const { start, end } = columnsOf(stacks, node);
    const key = `${start} ${end}`;
    const part = parts.get(key) ?? { start, end, amount: 0, samples: 0 };
    part.amount += sites.figure(site, figures[metric]);
    part.samples += sites.figure(site, siteRow.records);
    parts.set(key, part);
  });
  return [...parts.values()];
}
