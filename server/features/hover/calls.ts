/** The lines of a hover card that name callers and callees. */
import { basename } from 'node:path';
import { amountOf, timeMetricOf } from '../../../profile/metric';
import { callEdges, type CallEdge } from '../../../profile/view/edges';
import type { LineCost } from '../../../profile/types';
import { formatPercent } from '../../../profile/words/numbers';
import { commands } from '../../../protocol/lsp';
import type { FeatureContext, ProfiledDocument } from '../context';
import { codeSpan, commandLink, escapeMarkdown } from '../links';

/** Calls that are named. */
const mostNamed = 3;
/** Calls with a smaller share of the line are left out. */
const smallestShare = 0.01;

/** Markdown: `` Called from `main` [tour.py:20] 100 % `` and `` Calls … ``; each is empty where nothing is known. */
export function calls(
  context: FeatureContext,
  { file }: ProfiledDocument,
  line: LineCost,
): [callers: string, callees: string] {
  const edges = file.recorded.map((path) => callEdges(context.places, path, line.line));
  return [
    named(
      'Called from',
      edges.flatMap(({ callers }) => callers),
      context,
      line,
    ),
    named(
      'Calls',
      edges.flatMap(({ callees }) => callees),
      context,
      line,
    ),
  ];
}

function named(
  title: string,
  edges: readonly CallEdge[],
  context: FeatureContext,
  line: LineCost,
): string {
  const leading = timeMetricOf(context.settings.metric);
  const metric = amountOf(line.total, leading) > 0 ? leading : 'wall';
  const whole = amountOf(line.total, metric);
  const shares = edges
    .map((edge) => ({ edge, share: whole > 0 ? amountOf(edge.total, metric) / whole : 0 }))
    .filter(({ share }) => share >= smallestShare)
    .sort((a, b) => b.share - a.share);
  if (shares.length === 0) return '';
  const shown = shares.slice(0, mostNamed).map(({ edge, share }) => {
    const label = `${basename(edge.path)}:${edge.line}`;
    const local = context.sources.recordedAs(edge.path);
    const link =
      context.rich && local
        ? commandLink(label, commands.openLine, [local.path, edge.line], edge.path)
        : escapeMarkdown(label);
    return `${codeSpan(edge.function)} ${link} ${formatPercent(Math.min(1, share))}`;
  });
  const more = shares.length > mostNamed ? ` and ${shares.length - mostNamed} more` : '';
  return `${title} ${shown.join(', ')}${more}`;
}
