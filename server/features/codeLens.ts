/** A code lens over each function: what it cost by itself and with what it called. */
import type { CodeLens } from 'vscode-languageserver/node';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { commands } from '../../protocol/lsp';
import type { FunctionCost } from '../../profile/types';
import { amountOf } from '../../profile/metric';
import { formatPercent, formatSeconds } from '../../profile/words';
import { profiled, type FeatureContext } from './context';

/** Functions above the threshold, one lens each, on the line of their `def` in the current text. */
export function codeLenses(context: FeatureContext, document: TextDocument): CodeLens[] {
  const place = profiled(context, document);
  if (!place || !context.settings.codeLens) return [];
  const { metric, thresholdPercent } = context.settings;
  const all = amountOf(context.profile.total, metric);
  const lenses = new Map<number, CodeLens>();
  for (const item of place.cost.functions) {
    const total = amountOf(item.total, metric);
    if (all === 0 || (100 * total) / all < thresholdPercent || item.name === '<module>') continue;
    const now = place.map ? place.map.toCurrent(item.line) : { line: item.line, stale: true };
    // A decorated function begins at its decorator; two functions on one line (lambdas) share the first lens.
    if (!now || lenses.has(now.line) || now.line > document.lineCount) continue;
    const at = { line: now.line - 1, character: 0 };
    lenses.set(now.line, {
      range: { start: at, end: at },
      command: {
        title: title(item, total, all, metric) + (now.stale ? ' (edited since the run)' : ''),
        command: context.rich ? commands.showLineInFlameChart : '',
        arguments: context.rich ? [place.file.path, now.line] : [],
      },
    });
  }
  return [...lenses.values()];
}

function title(
  item: FunctionCost,
  total: number,
  all: number,
  metric: FeatureContext['settings']['metric'],
): string {
  const self = amountOf(item.self, metric);
  const share = formatPercent(total / all);
  return self >= 0.999 * total
    ? `${formatSeconds(self)} self · ${share}`
    : `${formatSeconds(total)} total · ${share}${self >= 0.01 * total ? ` · ${formatSeconds(self)} self` : ''}`;
}
