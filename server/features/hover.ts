/** The hover card of a line: what it cost, in what, through whom, and on how much evidence. */
import { basename } from 'node:path';
import { MarkupKind, type Hover, type Position } from 'vscode-languageserver/node';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { commands } from '../../protocol/lsp';
import { ownPart } from '../../profile/words/annotation';
import type { CallEdge, Cost, LineCost, Profile } from '../../profile/types';
import {
  fewSamples,
  formatCount,
  formatHelpers,
  formatPercent,
  formatRange,
  formatRate,
  formatSamples,
  formatSeconds,
  formatSplit,
} from '../../profile/words/numbers';
import { amountOf, isMemoryMetric, timeMetricOf, type TimeMetric } from '../../profile/metric';
import { formatLeak, memoryHasNoTime } from '../../profile/words/memory';
import { samplingRate } from '../output/sampling';
import { profiled, type FeatureContext, type ProfiledDocument } from './context';
import { memoryFigures, memoryLines, notMeasured } from './hoverMemory';
import { kernel, natives } from './hoverNatives';
import { detailsOf, isWaiting, whichPart } from './lineParts';
import { codeSpan, commandLink, escapeMarkdown } from './links';

const mostEdges = 3;
/** A part smaller than this share of the line is not worth a row of its own. */
const smallestPart = 0.01;

/** The card for the line under the cursor, or null where the run saw nothing. */
export function hover(
  context: FeatureContext,
  document: TextDocument,
  position: Position,
): Hover | null {
  const place = profiled(context, document);
  if (!place) return null;
  const current = position.line + 1;
  const recorded = place.map ? place.map.toCaptured(current) : { line: current, stale: true };
  const line = recorded && place.cost.lines.find((candidate) => candidate.line === recorded.line);
  if (!line) return null;
  const text = document.getText({
    start: { line: position.line, character: 0 },
    end: { line: position.line + 1, character: 0 },
  });
  const value = card(context, place, line, {
    current,
    stale: recorded.stale,
    text: recorded.stale ? undefined : text.trimEnd(),
  });
  return {
    contents: { kind: MarkupKind.Markdown, value },
    range: {
      start: { line: position.line, character: text.length - text.trimStart().length },
      end: { line: position.line, character: text.trimEnd().length },
    },
  };
}

function card(
  context: FeatureContext,
  place: ProfiledDocument,
  line: LineCost,
  /** text: of the line, as it ran; undefined where it is another one now. */
  where: { current: number; stale: boolean; text: string | undefined },
): string {
  const { profile, rich } = context;
  const heading = headline(context, line);
  const edges = edgesOf(place, profile, line.line);
  const details = detailsOf(context, place, line);
  const isOfMemory = isMemoryMetric(context.settings.metric);
  const times = table(line, rich);
  const memory = memoryLines(place, line, profile, rich);
  const parts = [
    heading.markdown,
    where.stale
      ? place.map
        ? '*This line was edited since the run; the numbers are those of its old text.*'
        : '*The file was edited since the run began; lines may have moved.*'
      : '',
    isOfMemory && !profile.memory ? (profile.range ? memoryHasNoTime : notMeasured(rich)) : '',
    profile.range ? `*Of ${formatRange(profile.range)} of the run*` : '',
    whichPart(context, place, details, line, where.text),
    // What leads comes first: the editor cuts tall cards off.
    ...(isOfMemory ? [memory, times] : [times, memory]),
    kernel(line, details),
    natives(line, context),
    helpers(line),
    edgeList('Called from', edges.callers, context, line),
    edgeList('Calls', edges.callees, context, line),
    footer(context, place, line, where.current, heading),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

interface Headline {
  markdown: string;
  plain: string;
  /** The cost the headline speaks of: the line's own, or with what it called. */
  cost: Cost;
}

/** `**2.91 s · 58.2 %** — native 96 · python 4`: self where the line did the work itself, else total. */
function headline(context: FeatureContext, line: LineCost): Headline {
  const { metric } = context.settings;
  if (isMemoryMetric(metric) && context.profile.memory) {
    const cost = line.self.samples > 0 ? line.self : line.total;
    const head = compose(memoryFigures(line, context.profile, metric), '', cost);
    // The card says it below; a copied line has nothing below.
    const leak = line.memory?.leak;
    return leak ? { ...head, plain: `${head.plain} — ${formatLeak(leak)}` } : head;
  }
  return timeHeadline(context, line, timeMetricOf(metric));
}

function timeHeadline(context: FeatureContext, line: LineCost, metric: TimeMetric): Headline {
  if (isWaiting(line, metric)) return waiting(context, line);
  const all = amountOf(context.profile.total, metric);
  const [self, total] = [amountOf(line.self, metric), amountOf(line.total, metric)];
  const isSelf = self >= ownPart * total;
  const cost = isSelf ? line.self : line.total;
  const share =
    all > 0 ? formatPercent(Math.min(1, (isSelf ? self : total) / all), cost.samples) : '';
  const hasCalls = total - self >= ownPart * total;
  const figures = isSelf
    ? [
        `${formatSeconds(self)}${hasCalls ? ' here' : ''}`,
        share,
        hasCalls ? `${formatSeconds(total - self)} in calls` : '',
      ]
    : [`${formatSeconds(total)} in calls`, share];
  return compose(figures.filter(Boolean), formatSplit(cost, metric), cost);
}

/** A line that waits has next to nothing to say under a metric that leaves waiting out. */
function waiting({ profile }: FeatureContext, line: LineCost): Headline {
  const isSelf = line.self.wait >= ownPart * line.total.wait;
  const cost = isSelf ? line.self : line.total;
  const share = profile.elapsedNs > 0 ? cost.wait / profile.elapsedNs : 0;
  const figures = [`${formatSeconds(cost.wait)} waiting${isSelf ? '' : ' in calls'}`];
  // Several threads can wait at once, for more time than there was.
  if (share > 0 && share <= 1) figures.push(`${formatPercent(share)} of the elapsed time`);
  return compose(figures, '', cost);
}

function compose(figures: string[], split: string, cost: Cost): Headline {
  const bold = figures.join(' · ');
  return {
    markdown: `**${escapeMarkdown(bold)}**${split ? ` — ${escapeMarkdown(split)}` : ''}`,
    plain: `${bold}${split ? ` — ${split}` : ''}`,
    cost,
  };
}

/** Self and total side by side; rows that say nothing are left out. */
function table(line: LineCost, rich: boolean): string {
  const icon = (name: string): string => (rich ? `$(${name}) ` : '');
  // The editor gives cells no room of their own.
  const gap = rich ? '&emsp;' : '';
  const rows = [`| | ${gap}self | ${gap}total |`, '|:--|--:|--:|'];
  // The editor cuts tall cards off: a kind of time the line has none of takes no row.
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
function helpers({ self, total, helperThreads }: LineCost): string {
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

function edgesOf(
  place: ProfiledDocument,
  profile: Profile,
  line: number,
): { callers: CallEdge[]; callees: CallEdge[] } {
  const all = place.file.recorded.map((path) => profile.edges(path, line));
  return {
    callers: all.flatMap(({ callers }) => callers),
    callees: all.flatMap(({ callees }) => callees),
  };
}

function edgeList(
  title: string,
  edges: readonly CallEdge[],
  context: FeatureContext,
  line: LineCost,
): string {
  const leading = timeMetricOf(context.settings.metric);
  const metric = amountOf(line.total, leading) > 0 ? leading : 'wall';
  const whole = amountOf(line.total, metric);
  const worth = edges
    .map((edge) => ({ edge, share: whole > 0 ? amountOf(edge.total, metric) / whole : 0 }))
    .filter(({ share }) => share >= smallestPart)
    .sort((a, b) => b.share - a.share);
  if (worth.length === 0) return '';
  const shown = worth.slice(0, mostEdges).map(({ edge, share }) => {
    const name = `${edge.function}`;
    const label = `${basename(edge.path)}:${edge.line}`;
    const local = context.sources.recordedAs(edge.path);
    const link =
      context.rich && local
        ? commandLink(label, commands.openLine, [local.path, edge.line], edge.path)
        : escapeMarkdown(label);
    return `${codeSpan(name)} ${link} ${formatPercent(Math.min(1, share))}`;
  });
  const more = worth.length > mostEdges ? ` and ${worth.length - mostEdges} more` : '';
  return `${title} ${shown.join(', ')}${more}`;
}

function footer(
  context: FeatureContext,
  place: ProfiledDocument,
  line: LineCost,
  current: number,
  { cost, plain }: Headline,
): string {
  const rate = samplingRate(context.profile);
  // Waiting is measured from its first to its last moment; it is CPU time that takes many samples.
  const few = cost.samples < fewSamples && cost.wait < amountOf(cost, 'cpu');
  const words = [
    (cost.samples === 0 || isMemoryMetric(context.settings.metric)) &&
    line.memory &&
    line.memory.records > 0
      ? `${formatCount(line.memory.records)} allocations recorded`
      : formatSamples(cost.samples) +
        (rate > 0 ? ` at ${formatRate(rate)}` : '') +
        (few ? ': too few to trust the figures' : ''),
  ];
  if (context.rich) {
    const { path } = place.file;
    const copied = `${basename(path)}:${current}  ${plain}`;
    words.push(
      commandLink('Show in flame chart', commands.showLineInFlameChart, [path, current]),
      commandLink('Next hot line', commands.nextHotLine),
      commandLink('Copy', commands.copy, [copied]),
    );
  }
  return words.join(' · ');
}
