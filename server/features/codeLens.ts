/** A code lens over each function: what it cost by itself and with what it called. */
import type { CodeLens } from 'vscode-languageserver/node';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { commands } from '../../protocol/lsp';
import type { FunctionCost, Profile } from '../../profile/types';
import { amountOf, bytesOf, isMemoryMetric, totalBytesOf } from '../../profile/metric';
import { formatBytes, formatPercent, formatSeconds } from '../../profile/words/numbers';
import { bytesWord } from '../../profile/words/memory';
import { reachesThreshold } from '../../profile/words/threshold';
import { profiled, type FeatureContext } from './context';

/** One lens for each function above the threshold, on its first line in the current text: its `def` or first decorator. */
export function codeLenses(context: FeatureContext, document: TextDocument): CodeLens[] {
  const place = profiled(context, document);
  if (!place || !context.settings.codeLens) return [];
  const { metric, thresholdPercent } = context.settings;
  const lenses = new Map<number, CodeLens>();
  for (const item of place.cost.functions) {
    const title = titleOf(item, context.profile, metric, thresholdPercent / 100);
    if (title === undefined || item.name === '<module>') continue;
    const now = place.map ? place.map.toCurrent(item.line) : { line: item.line, stale: true };
    // Of two functions that begin on one line, such as lambdas, the first has the lens.
    if (!now || lenses.has(now.line) || now.line > document.lineCount) continue;
    const at = { line: now.line - 1, character: 0 };
    lenses.set(now.line, {
      range: { start: at, end: at },
      command: {
        title: title + (now.stale ? ' (edited since the run)' : ''),
        command: context.rich ? commands.showLineInFlameChart : '',
        arguments: context.rich ? [place.file.path, now.line] : [],
      },
    });
  }
  return [...lenses.values()];
}

/** Undefined for a function below the threshold (0…1, of the run). */
function titleOf(
  item: FunctionCost,
  profile: Profile,
  metric: FeatureContext['settings']['metric'],
  threshold: number,
): string | undefined {
  if (isMemoryMetric(metric)) {
    const whole = profile.memory ? totalBytesOf(profile.memory, metric) : 0;
    const bytes = item.memory ? bytesOf(item.memory, metric) : 0;
    return reachesThreshold(bytes, whole, threshold)
      ? `${formatBytes(bytes)} ${bytesWord[metric]} · ${formatPercent(Math.min(1, bytes / whole))}`
      : undefined;
  }
  const whole = amountOf(profile.total, metric);
  const total = amountOf(item.total, metric);
  if (!reachesThreshold(total, whole, threshold)) return undefined;
  const self = amountOf(item.self, metric);
  const share = formatPercent(total / whole);
  return self >= 0.999 * total
    ? `${formatSeconds(self)} self · ${share}`
    : `${formatSeconds(total)} total · ${share}${self >= 0.01 * total ? ` · ${formatSeconds(self)} self` : ''}`;
}
