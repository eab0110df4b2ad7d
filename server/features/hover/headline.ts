/** The first line of a hover card: what the line cost under the chosen metric. */
import { amountOf, isMemoryMetric, timeMetricOf, type TimeMetric } from '../../../profile/metric';
import type { Cost, LineCost } from '../../../profile/types';
import { ownPart } from '../../../profile/words/annotation';
import { formatLeak } from '../../../profile/words/memory';
import { formatPercent, formatSeconds, formatSplit } from '../../../profile/words/numbers';
import type { FeatureContext } from '../context';
import { isWaiting } from '../lineParts';
import { escapeMarkdown } from '../links';
import { memoryFigures } from './memory';

export interface Headline {
  markdown: string;
  /** The same without markup, for the clipboard. */
  plain: string;
  /** The cost that the headline shows: the line's own (self), or with what it called (total). */
  cost: Cost;
}

/** `**2.91 s · 58.2 %** — native 96 · python 4`: self where the line did the work itself, else total. */
export function headline(context: FeatureContext, line: LineCost): Headline {
  const { metric } = context.settings;
  if (isMemoryMetric(metric) && context.profile.memory) {
    const cost = line.self.samples > 0 ? line.self : line.total;
    const head = compose(memoryFigures(line, context.profile, metric), '', cost);
    // The card names the leak in its part on memory; a copied headline has no such part.
    const leak = line.memory?.leak;
    return leak ? { ...head, plain: `${head.plain} — ${formatLeak(leak)}` } : head;
  }
  return timeHeadline(context, line, timeMetricOf(metric));
}

function timeHeadline(context: FeatureContext, line: LineCost, metric: TimeMetric): Headline {
  if (isWaiting(line, metric)) return waiting(context, line);
  const whole = amountOf(context.profile.total, metric);
  const [self, total] = [amountOf(line.self, metric), amountOf(line.total, metric)];
  const isSelf = self >= ownPart * total;
  const cost = isSelf ? line.self : line.total;
  const share =
    whole > 0 ? formatPercent(Math.min(1, (isSelf ? self : total) / whole), cost.samples) : '';
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

/** A line that mostly waits shows its waiting, also under a metric that leaves waiting out. */
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
