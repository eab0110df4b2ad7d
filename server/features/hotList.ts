/** The hot lines or functions of all files of the shown run, hottest first, for a list beside the editor. */
import { pathToFileURL } from 'node:url';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import type { HotListParams, HotListResult, HotRow } from '../../protocol/lsp';
import { hotOf } from '../../profile/words/hotList';
import { isMemoryMetric } from '../../profile/metric';
import { memoryHasNoTime } from '../../profile/words/memory';
import type { Fold } from '../../profile/view/fold';
import { placer } from './annotations';
import type { FeatureContext } from './context';

/** Rows, at most. The editor and the report have the rest. */
const mostRows = 200;

/** own: what folds libraries into the user's own code; with it, only the user's files have rows, if any of them has one. */
export function hotList(
  context: FeatureContext | undefined,
  { of }: HotListParams,
  openDocument: (uri: string) => TextDocument | undefined,
  own?: Fold,
): HotListResult {
  if (!context) return { rows: [], message: '' };
  const { profile, settings, sources } = context;
  const { metric, thresholdPercent } = settings;
  sources.update(profile);
  const found: { share: number; row: HotRow }[] = [];
  for (const file of sources.files()) {
    const cost = sources.cost(file, profile);
    if (!cost) continue;
    const place = placer(context, file, openDocument(pathToFileURL(file.path).href));
    for (const { share, ...figures } of hotOf(cost, profile, metric, thresholdPercent, of)) {
      const now = place(figures.line);
      if (!now) continue;
      const source = of === 'lines' ? (file.captured?.[figures.line - 1]?.trim() ?? '') : '';
      found.push({ share, row: { ...figures, ...now, path: file.path, source } });
    }
  }
  found.sort(
    (a, b) => b.share - a.share || (a.row.path < b.row.path ? -1 : 1) || a.row.line - b.row.line,
  );
  const wanted = own ? found.filter(({ row }) => own.keepsFile(row.path)) : [];
  const rows = (wanted.length > 0 ? wanted : found).slice(0, mostRows).map(({ row }) => row);
  return { rows, message: rows.length > 0 ? '' : whyEmpty(context, of) };
}

function whyEmpty({ profile, settings }: FeatureContext, of: HotListParams['of']): string {
  const { metric, thresholdPercent } = settings;
  // The list itself says that memory was not measured, with a button that changes it.
  if (isMemoryMetric(metric) && !profile.memory) return profile.range ? memoryHasNoTime : '';
  const what = of === 'lines' ? 'No line' : 'No function';
  const whole = profile.range ? 'this part of the run' : 'the run';
  return `${what} has ${thresholdPercent} % of ${whole} by this metric yet. Choose another metric, or lower lineheat.thresholdPercent.`;
}
