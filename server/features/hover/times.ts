/** The table of a hover card: each kind of time, self beside total, and what helper threads did. */
import { amountOf } from '../../../profile/metric';
import type { Cost, LineCost } from '../../../profile/types';
import { ownPart } from '../../../profile/words/annotation';
import { formatHelpers, formatPercent, formatSeconds } from '../../../profile/words/numbers';
import { escapeMarkdown } from '../links';

/** A part smaller than this share of the line has no row of its own. */
const smallestPart = 0.01;

/** Self and total side by side; kinds of time that the line has none of are left out. */
export function times(line: LineCost, rich: boolean): string {
  const icon = (name: string): string => (rich ? `$(${name}) ` : '');
  // The editor draws cells without any space between them.
  const gap = rich ? '&emsp;' : '';
  const rows = [`| | ${gap}self | ${gap}total |`, '|:--|--:|--:|'];
  const put = (label: string, self: number, total: number): void => {
    if (total > 0) {
      rows.push(`| ${label} | ${gap}${amount(self)} | ${gap}${amount(total)} |`);
    }
  };
  const row = (label: string, of: (cost: Cost) => number): void =>
    put(label, of(line.self), of(line.total));
  const isPart = (part: number, whole: number): boolean => part > 0 && part >= smallestPart * whole;
  row(`${icon('symbol-method')}Python`, (cost) => cost.python);
  if (isPart(line.total.runtime, line.total.python)) {
    row(`${indent(rich)}of which CPython’s C code`, (cost) => cost.runtime);
  }
  row(`${icon('gear')}Native`, (cost) => cost.native);
  row(`${icon('circuit-board')}System`, (cost) => cost.system);
  row(`${icon('server-process')}Helper threads`, (cost) => cost.helper);
  row(`${icon('watch')}Wait`, (cost) => cost.wait);
  if (isPart(line.total.gil, line.total.wait)) {
    row(`${indent(rich)}of which for the GIL`, (cost) => cost.gil);
  }
  row(`${icon('layers')}Waiting for a core`, (cost) => cost.queue);
  if (line.gpu) {
    put(`${icon('chip')}GPU`, line.gpu.self, line.gpu.total);
  }
  return rows.length > 2 ? rows.join('\n') : '';
}

function indent(rich: boolean): string {
  return rich ? '&nbsp;&nbsp;&nbsp;&nbsp;&nbsp;' : '· ';
}

function amount(ns: number): string {
  return ns === 0 ? '0' : formatSeconds(ns);
}

/** What threads without Python code did for the line, and how sure that is. */
export function helpers({ self, total, helperThreads }: LineCost): string {
  const cost = self.helper >= ownPart * total.helper ? self : total;
  if (cost.helper <= 0 || cost.helper < smallestPart * amountOf(cost, 'cpu')) return '';
  const who = escapeMarkdown(formatHelpers(cost.helper, helperThreads));
  const partOf = (ns: number): string | undefined => {
    const share = Math.min(1, ns / cost.helper);
    return share < smallestPart ? undefined : escapeMarkdown(formatPercent(share));
  };
  const after = partOf(cost.after);
  const unsure = partOf(cost.unsure);
  return [
    `**${who}**: threads without Python code that worked while the line was in their library, or waited for it.`,
    after &&
      `${after} of it came after the call: such threads look for more work for a while before they sleep.`,
    unsure &&
      `${unsure} of it may belong to another line: several lines were in the library at that time, or none was yet.`,
  ]
    .filter(Boolean)
    .join(' ');
}
