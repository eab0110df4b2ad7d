/** Which part of a line did what to memory, found when somebody asks. */
import type { Places } from './edges';
import type { PartAmount } from '../words/expressions';
import { columnsOf } from './lineParts';
import type { MemoryShares } from '../memory/shares';
import { siteRow, type MemorySites } from '../memory/sites';
import type { MemoryMetric } from '../metric';

const figures: Record<MemoryMetric, number> = {
  allocated: siteRow.allocated,
  peak: siteRow.peak,
  growth: siteRow.live,
  copied: siteRow.copied,
};

/**
 * Bytes of a line of a file by its parts, under a metric; samples are the records behind them. placesOf: where the cells of
 * a process are, or of those that have ended.
 */
export function memoryParts(
  shares: MemoryShares,
  path: string,
  metric: MemoryMetric,
  placesOf: (sites: MemorySites) => Places,
): PartAmount[] {
  const parts = new Map<string, PartAmount>();
  shares.each((sites, site) => {
    const { stacks, cells } = placesOf(sites);
    // The innermost frame in the file is the one that is charged.
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
