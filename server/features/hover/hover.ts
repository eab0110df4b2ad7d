/** The hover card of a line: what it cost, in what, through whom, and on how much evidence. */
import { basename } from 'node:path';
import { MarkupKind, type Hover, type Position } from 'vscode-languageserver/node';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { commands } from '../../../protocol/lsp';
import type { LineCost } from '../../../profile/types';
import {
  fewSamples,
  formatCount,
  formatRange,
  formatRate,
  formatSamples,
} from '../../../profile/words/numbers';
import { amountOf, isMemoryMetric } from '../../../profile/metric';
import { memoryHasNoTime } from '../../../profile/words/memory';
import { samplingRate } from '../../output/sampling';
import { profiled, type FeatureContext, type ProfiledDocument } from '../context';
import { detailsOf, whichPart } from '../lineParts';
import { commandLink } from '../links';
import { calls } from './calls';
import { headline, type Headline } from './headline';
import { memoryLines, notMeasured } from './memory';
import { kernel, natives } from './natives';
import { helpers, times } from './times';

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
  /** current: the line's number now. text: of the line as it ran; undefined where it was edited since. */
  where: { current: number; stale: boolean; text: string | undefined },
): string {
  const { profile, rich } = context;
  const heading = headline(context, line);
  const details = detailsOf(context, place, line);
  const isOfMemory = isMemoryMetric(context.settings.metric);
  const ofTime = times(line, rich);
  const ofMemory = memoryLines(place, line, context);
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
    // The chosen metric comes first, because the editor cuts tall cards off.
    ...(isOfMemory ? [ofMemory, ofTime] : [ofTime, ofMemory]),
    kernel(line, details),
    natives(line, context),
    helpers(line),
    ...calls(context, place, line),
    footer(context, place, line, where.current, heading),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

function footer(
  context: FeatureContext,
  place: ProfiledDocument,
  line: LineCost,
  current: number,
  { cost, plain }: Headline,
): string {
  const rate = samplingRate(context.profile);
  // A wait is measured from beginning to end, so one sample is enough; CPU time needs many.
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
