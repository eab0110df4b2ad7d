/** The hot lines of each file beside their source, in columns that run through all files. */
import { relative } from 'node:path';
import { callEdges } from '../../../profile/view/edges';
import type { Run } from '../../reading/run';
import { annotateFile, type LineFigures } from '../../../profile/words/annotation';
import { amountOf, timeKinds, type TimeKind } from '../../../profile/metric';
import type { FileCost, LineCost, Profile } from '../../../profile/types';
import { fewSamples, formatPercent, formatSeconds } from '../../../profile/words/numbers';
import { defaultThresholdPercent as thresholdPercent } from '../../../profile/words/threshold';
import { plainText } from '../../../recording/plain';
import { readRegularText } from '../../reading/regularFile';
import { shownPath } from '../../rawText';
import { largestSource, splitLines } from '../../editing/sources';
import { isOwn } from '../../editing/ownCode';
import { codeOf } from '../../launch/pythonOptions';
import { clip, columns, padLeft, padRight, paintWith, type Style } from './terminal';

const mostLines = 40;
const mostNatives = 2;
const barWidth = 10;
const longestDetail = 34;
const narrowestText = 16;

interface Row {
  file: FileCost;
  figures: LineFigures;
  cost: LineCost;
  text: string;
}

/** Widths of the columns, in terminal columns. */
interface Layout {
  number: number;
  text: number;
  value: number;
  percent: number;
}

/** One block per file, hottest file first, and a sentence where lines are left out. */
export function hotFiles(run: Run, style: Style): string[] {
  const profile = run.profile();
  const rows = [...profile.files.values()].flatMap((file) => rowsOf(file, run));
  if (rows.length === 0) {
    return profile.samples > 0 ? [noLines(profile)] : [];
  }
  const shown = new Set(
    [...rows].sort((a, b) => selfCpu(b.cost) - selfCpu(a.cost)).slice(0, mostLines),
  );
  const layout = layOut([...shown], style);
  const files = [...new Set(rows.filter((row) => shown.has(row)).map(({ file }) => file))]
    .map((file) => ({ file, cpu: fileCpu(file) }))
    .sort((a, b) => b.cpu - a.cpu);
  const blocks = files.map(({ file, cpu }) => {
    const own = rows.filter((row) => row.file === file && shown.has(row));
    return fileBlock(file, own, cpu / amountOf(profile.total, 'cpu'), layout, style);
  });
  const hidden = rows.length - shown.size;
  if (hidden > 0) {
    const text = `and ${hidden} cooler ${hidden === 1 ? 'line' : 'lines'}; the JSON report has all of them`;
    blocks.push(paintWith(style)('dim', text));
  }
  return blocks;
}

/** Says why no line is listed: lines of libraries with too few samples are left out. */
function noLines(profile: Profile): string {
  const hasLibraryLines = [...profile.files.values()].some(
    (file) => annotateFile(file, profile, 'cpu', thresholdPercent).length > 0,
  );
  return hasLibraryLines
    ? `Only lines of libraries, each with fewer than ${fewSamples} samples, reached ${thresholdPercent} % of the CPU time; the JSON report has all lines.`
    : `No line reached ${thresholdPercent} % of the CPU time.`;
}

function rowsOf(file: FileCost, run: Run): Row[] {
  const profile = run.profile();
  const figures = annotateFile(file, profile, 'cpu', thresholdPercent);
  if (figures.length === 0) return [];
  const costs = new Map(file.lines.map((line) => [line.line, line]));
  const source = readSource(file.path, run);
  // Of libraries only lines with enough samples of their own are listed. The calls are in the user's own files.
  const own = isOwn(file.path, profile);
  return figures.flatMap((line) => {
    const cost = costs.get(line.line);
    if (!cost) return [];
    if (!own && (line.kind === 'total' || cost.self.samples < fewSamples)) return [];
    return [{ file, figures: line, cost, text: source[line.line - 1] ?? '(source not here)' }];
  });
}

function layOut(rows: readonly Row[], style: Style): Layout {
  const widest = (of: (row: Row) => string): number =>
    Math.max(...rows.map((row) => columns(of(row))));
  const number = widest(({ cost }) => String(cost.line));
  const value = widest(({ figures }) => figures.value);
  const percent = widest(({ figures }) => figures.percent);
  const detail = Math.min(
    longestDetail,
    widest(({ figures }) => figures.detail),
  );
  const room = style.width - number - 3 - 2 - barWidth - 2 - value - 2 - percent - 2 - detail;
  const text = Math.max(
    narrowestText,
    Math.min(
      room,
      widest((row) => row.text),
    ),
  );
  return { number, text, value, percent };
}

function fileBlock(
  file: FileCost,
  rows: Row[],
  share: number,
  layout: Layout,
  style: Style,
): string {
  const paint = paintWith(style);
  const title = `${paint('bold', shortPath(file.path))}  ${formatSeconds(fileCpu(file))} · ${formatPercent(share)}`;
  const lines = rows.flatMap(({ figures, cost, text }) => {
    const quiet = figures.kind === 'total';
    const source = padRight(clip(text, layout.text), layout.text);
    const numbers = `${padLeft(figures.value, layout.value)}  ${padLeft(figures.percent, layout.percent)}`;
    const line = [
      `${paint('dim', `${padLeft(String(cost.line), layout.number)} │`)} ${quiet ? paint('dim', source) : source}`,
      bar(figures.bar, style),
      figures.heat >= 5 && !quiet
        ? paint('bold', numbers)
        : quiet
          ? paint('dim', numbers)
          : numbers,
      paint('dim', clip(figures.detail, longestDetail)),
    ].join('  ');
    return [line.trimEnd(), ...natives(cost, layout, style)];
  });
  return [title, ...lines].join('\n');
}

/** The compiled functions of a line, where it mostly runs in those. */
function natives(cost: LineCost, layout: Layout, style: Style): string[] {
  if (cost.self.native < 0.2 * selfCpu(cost)) return [];
  return cost.natives
    .filter(({ self }) => self >= 0.1 * cost.self.native)
    .slice(0, mostNatives)
    .map(({ symbol, module, self }) => {
      const share = formatPercent(Math.min(1, self / cost.self.native));
      const place = module && !symbol.startsWith(module) ? `  ${module}` : '';
      const text = `${' '.repeat(layout.number)} │     ${padLeft(share, 6)}  ${symbol}${place}`;
      return paintWith(style)('dim', clip(text, style.width));
    });
}

/** A stacked bar of the kinds of time, as long as the line's share of the run. */
function bar(parts: LineFigures['bar'], style: Style): string {
  const paint = paintWith(style);
  const total = parts.python + parts.native + parts.system + parts.wait + parts.queue;
  const length = Math.min(barWidth, Math.max(1, Math.round(total * barWidth)));
  let text = '';
  let used = 0;
  let sum = 0;
  for (const kind of timeKinds) {
    sum += parts[kind];
    const end = total > 0 ? Math.round((sum / total) * length) : 0;
    text += paint(kind, glyph(kind, style).repeat(end - used));
    used = end;
  }
  return text + paint('dim', '·'.repeat(barWidth - used));
}

/** The character that a bar is made of: without colour the kinds differ by shade. */
export function glyph(kind: TimeKind, style: Style): string {
  return style.color ? '▇' : { python: '█', native: '▓', system: '▒', wait: '░', queue: '╌' }[kind];
}

/** The lines of a source file with tabs as spaces; none when it is not on this machine. */
export function readSource(path: string, run?: Run): string[] {
  if (path === '<string>' && run) return codeLines(run);
  const bytes = shownPath(path);
  const text =
    readRegularText(path, largestSource) ?? (bytes && readRegularText(bytes, largestSource)) ?? '';
  return splitLines(text).map((line) => plainText(line.replace(/\t/g, '    ').trimEnd()));
}

/** Code of .pth files has the file name of -c as well. At most this part of a line may be theirs. */
const mostForeign = 0.25;

/**
 * The code that was run with -c, if it is one line. Of more it is not known where they end: a recording shows the end of
 * a line as the two characters `\\n`, which code may hold itself.
 */
function codeLines(run: Run): string[] {
  const profile = run.profile();
  const codes = new Set(profile.processes.flatMap(({ command }) => codeOf(command) ?? []));
  const [code = ''] = codes;
  if (codes.size !== 1 || code.includes(String.raw`\n`)) return [];
  const line = profile.files.get('<string>')?.lines.find((one) => one.line === 1);
  const { callers } = callEdges(run.builder, '<string>', 1);
  const foreign = callers
    .filter(({ path }) => path !== '<string>')
    .reduce((sum, { total }) => sum + amountOf(total, 'cpu'), 0);
  return line && foreign > mostForeign * amountOf(line.total, 'cpu') ? [] : [code];
}

/** Relative to the working folder, or to the library folder it is in. */
export function shortPath(path: string): string {
  const library = /\/lib\/python3\.\d+\/(?:(?:site|dist)-packages\/)?(.+)$/.exec(path);
  if (library) return library[1]!;
  const short = relative(process.cwd(), path);
  return path.startsWith('/') && !short.startsWith('..') && short !== '' ? short : path;
}

function fileCpu(file: FileCost): number {
  return file.lines.reduce((sum, line) => sum + selfCpu(line), 0);
}

function selfCpu(line: LineCost): number {
  return amountOf(line.self, 'cpu');
}
