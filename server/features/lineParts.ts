/** Which expressions of a line cost what: named in its hover, and underlined in the editor. */
import type { TextDocument } from 'vscode-languageserver-textdocument';
import type { LinePartsParams, LinePartsResult } from '../../protocol/lsp';
import { cpuOf } from '../../profile/cost';
import { expressionsOf, type Expression } from '../../profile/words/expressions';
import { amountOf, isMemoryMetric, timeMetricOf, type TimeMetric } from '../../profile/metric';
import type { LineCost } from '../../profile/types';
import { lineDetail, type LineDetail } from '../../profile/view/lineParts';
import { memoryParts } from '../../profile/view/memoryParts';
import { fewSamples } from '../../profile/words/numbers';
import { profiled, type FeatureContext, type ProfiledDocument } from './context';
import { codeSpan } from './links';

/** A line whose chosen metric is below this part of its waiting mostly waits. */
const waitLeads = 0.05;
/** Expressions that a hover names, at most. */
const mostNamed = 4;

/** Whether a line mostly waits, so that a metric without waiting shows next to nothing of it. */
export function isWaiting({ total }: LineCost, metric: TimeMetric): boolean {
  return amountOf(total, metric) < waitLeads * total.wait;
}

/** `` Which part: `slow(3)` 74.9 %, `slow(1)` 25.0 % ``; empty where the parts are not known. text: of the line as it ran. */
export function whichPart(
  context: FeatureContext,
  place: ProfiledDocument,
  details: readonly LineDetail[],
  line: LineCost,
  text: string | undefined,
): string {
  const found = expressions(context, place, details, line, text);
  if (found.length === 0) return '';
  const named = found
    .slice(0, mostNamed)
    .map(({ text, percent }) => `${codeSpan(text)} ${percent}`);
  const more = found.length > mostNamed ? ` and ${found.length - mostNamed} more` : '';
  return `Which part: ${named.join(', ')}${more}`;
}

/** The parts of a line that an editor underlines. */
export function lineParts(
  context: FeatureContext | undefined,
  document: TextDocument | undefined,
  { line: current }: LinePartsParams,
): LinePartsResult {
  const place = context && document && profiled(context, document);
  const recorded = place?.map?.toCaptured(current);
  if (!place || !recorded || recorded.stale) return { parts: [] };
  const line = place.cost.lines.find(({ line }) => line === recorded.line);
  if (!line) return { parts: [] };
  const text = document.getText({
    start: { line: current - 1, character: 0 },
    end: { line: current, character: 0 },
  });
  const found = expressions(context, place, detailsOf(context, place, line), line, text.trimEnd());
  return {
    parts: found.flatMap(({ share, segments }) =>
      segments.map((segment) => ({ ...segment, heat: heatOf(share) })),
    ),
  };
}

/** The heat of a part: one step for each sixth of the line, from the third step on. */
function heatOf(share: number): number {
  return Math.min(7, 2 + Math.floor(6 * share));
}

function expressions(
  context: FeatureContext,
  place: ProfiledDocument,
  details: readonly LineDetail[],
  line: LineCost,
  text: string | undefined,
): Expression[] {
  // Parts are columns of the text that ran, and the line may have another text now.
  if (text === undefined) return [];
  const { metric: leading } = context.settings;
  if (isMemoryMetric(leading) && context.profile.memory) {
    if ((line.memory?.records ?? 0) < fewSamples) return [];
    return expressionsOf(
      place.file.recorded.flatMap((path) => memoryParts(context.places, path, line.line, leading)),
      text,
    );
  }
  const ofTime = timeMetricOf(leading);
  const metric = isWaiting(line, ofTime) ? 'wait' : ofTime;
  if (line.total.samples < fewSamples && line.total.wait < cpuOf(line.total)) return [];
  const parts = details.flatMap(({ parts }) => parts);
  return expressionsOf(
    parts.map(({ start, end, cost }) => {
      return { start, end, amount: amountOf(cost, metric), samples: cost.samples };
    }),
    text,
  );
}

/** The details of a line, which are computed on demand: one for each name that its file has in the run. */
export function detailsOf(
  { places }: FeatureContext,
  { file }: ProfiledDocument,
  { line }: LineCost,
): LineDetail[] {
  return file.recorded.map((path) => lineDetail(places, path, line));
}
