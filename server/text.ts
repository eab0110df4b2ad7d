/** A run on the terminal: the header, the hot lines of each file beside their source, and what to know about it. */
import { existsSync, readFileSync } from 'node:fs';
import { basename, relative } from 'node:path';
import { annotateFile } from '../profile/annotate';
import type { Cost, FileCost, LineCost, Profile } from '../profile/types';
import { formatBytes, formatCount, formatPercent, formatSeconds } from '../profile/words';
import { amountOf } from '../profile/metric';
import { mainProcess, shortVersion } from './report';
import type { Run } from './run';
import { splitLines } from './sources';
import { clip, columns, padLeft, padRight, paintWith, type Style } from './terminal';

export { terminalStyle } from './terminal';

/** Lines below this share of the run's CPU time are not listed; the editor shows them. */
const thresholdPercent = 1;
const mostLines = 40;
const mostWaits = 5;
/** Waiting shorter than this share of the elapsed time is not worth a list. */
const smallestWait = 0.05;
const mostNatives = 2;
const barWidth = 10;

/** The whole report, ending in a newline. */
export function showRun(run: Run, style: Style): string {
  const profile = run.profile();
  const paint = paintWith(style);
  const blocks = [
    header(run, profile, style),
    ...hotFiles(profile, style),
    waits(profile, style),
    run
      .notes()
      .map(({ severity, text }) => {
        const color =
          severity === 'information' ? 'dim' : severity === 'warning' ? 'yellow' : 'red';
        return paint(color, `${severity === 'information' ? 'note' : severity}: `) + text;
      })
      .join('\n'),
  ];
  return `\n${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

function header(run: Run, profile: Profile, style: Style): string {
  const paint = paintWith(style);
  const main = mainProcess(profile);
  const first = [
    `${formatSeconds(profile.elapsedNs)} elapsed`,
    `${formatSeconds(profile.cpuNs)} CPU`,
    `${formatCount(profile.samples)} samples`,
  ];
  if (profile.processes.length > 1) first.push(`${profile.processes.length} processes`);
  if (profile.dropped > 0) first.push(`${formatCount(profile.dropped)} dropped`);
  const peak = Math.max(0, ...profile.processes.map((process) => process.peakBytes ?? 0));
  if (peak > 0) first.push(`peak ${formatBytes(peak)}`);
  const second = [
    `Python ${shortVersion(main?.pythonVersion ?? '?')}`,
    `${main?.engine ?? '?'} engine`,
    `every ${(main?.intervalNs ?? 0) / 1e6} ms`,
  ];
  if (main && main.exit !== null && main.exit !== 0) second.push(`exit code ${main.exit}`);
  return [
    `${paint('bold', run.programName())}  ${first.join(' · ')}`,
    split(profile.total, style) + paint('dim', `   ${second.join(' · ')}`),
  ].join('\n');
}

/** The run's CPU time by kind, which is also the legend of the bars. */
function split(cost: Cost, style: Style): string {
  const paint = paintWith(style);
  const all = amountOf(cost, 'cpu');
  const part = (kind: 'python' | 'native' | 'system'): string => {
    const share = all > 0 ? formatPercent(cost[kind] / all) : '0 %';
    return `${paint(kind, glyph(kind, style))} ${kind} ${share}`;
  };
  return [part('python'), part('native'), part('system')].join('  ');
}

interface Row {
  annotation: ReturnType<typeof annotateFile>[number];
  cost: LineCost;
}

function hotFiles(profile: Profile, style: Style): string[] {
  const files = [...profile.files.values()]
    .map((file) => ({ file, rows: rowsOf(file, profile), cpu: fileCpu(file) }))
    .filter(({ rows }) => rows.length > 0)
    .sort((a, b) => b.cpu - a.cpu);
  let left = mostLines;
  const blocks: string[] = [];
  for (const { file, rows, cpu } of files) {
    if (left <= 0) break;
    // When a file has more hot lines than fit, the hottest stay, in the order of the file.
    const shown = [...rows]
      .sort((a, b) => b.annotation.heat - a.annotation.heat || selfCpu(b) - selfCpu(a))
      .slice(0, left)
      .sort((a, b) => a.cost.line - b.cost.line);
    left -= shown.length;
    blocks.push(fileBlock(file, shown, cpu, profile, style));
  }
  const hidden = files.reduce((sum, { rows }) => sum + rows.length, 0) - (mostLines - left);
  if (hidden > 0)
    blocks.push(
      paintWith(style)('dim', `and ${hidden} cooler lines; the JSON report has all of them`),
    );
  if (files.length === 0 && profile.samples > 0) {
    blocks.push(`No line reached ${thresholdPercent} % of the CPU time.`);
  }
  return blocks;
}

function rowsOf(file: FileCost, profile: Profile): Row[] {
  const costs = new Map(file.lines.map((line) => [line.line, line]));
  // Of libraries only the lines that work themselves are listed: what calls them is in the user's own files.
  const own = isOwn(file.path, profile);
  return annotateFile(file, profile, 'cpu', thresholdPercent).flatMap((annotation) => {
    const cost = costs.get(annotation.line);
    return cost && (own || annotation.kind === 'self') ? [{ annotation, cost }] : [];
  });
}

function fileBlock(
  file: FileCost,
  rows: Row[],
  cpu: number,
  profile: Profile,
  style: Style,
): string {
  const paint = paintWith(style);
  const source = readSource(file.path);
  const numbers = String(Math.max(...rows.map(({ cost }) => cost.line))).length;
  const values = Math.max(...rows.map(({ annotation }) => columns(annotation.value)));
  const percents = Math.max(...rows.map(({ annotation }) => columns(annotation.percent)));
  const details = Math.max(...rows.map(({ annotation }) => columns(annotation.detail)));
  const right = barWidth + values + percents + Math.min(details, 34) + 8;
  const texts = rows.map(({ cost }) => sourceLine(source, cost.line) ?? '(source not here)');
  const room = Math.max(16, style.width - numbers - 3 - right);
  const textWidth = Math.min(room, Math.max(24, ...texts.map(columns)));
  const all = amountOf(profile.total, 'cpu');
  const title = `${paint('bold', shortPath(file.path))}  ${formatSeconds(cpu)} · ${formatPercent(all > 0 ? cpu / all : 0)}`;
  const lines = rows.flatMap((row, index) => {
    const { annotation, cost } = row;
    const number = paint('dim', padLeft(String(cost.line), numbers));
    const text = padRight(clip(texts[index]!, textWidth), textWidth);
    const figures = `${padLeft(annotation.value, values)}  ${padLeft(annotation.percent, percents)}`;
    const hot = annotation.heat >= 5 && annotation.kind === 'self';
    const quiet = annotation.kind === 'total';
    const line = [
      `${number} ${paint('dim', '│')} ${quiet ? paint('dim', text) : text}`,
      bar(annotation.bar, style),
      hot ? paint('bold', figures) : quiet ? paint('dim', figures) : figures,
      paint('dim', annotation.detail),
    ].join('  ');
    return [line.trimEnd(), ...natives(cost, numbers, style)];
  });
  return [title, ...lines].join('\n');
}

/** The compiled functions under a line, where they are what the line is about. */
function natives(cost: LineCost, numbers: number, style: Style): string[] {
  const paint = paintWith(style);
  if (cost.self.native < 0.2 * amountOf(cost.self, 'cpu')) return [];
  return cost.natives
    .filter(({ self }) => self >= 0.1 * cost.self.native)
    .slice(0, mostNatives)
    .map(({ symbol, module, self }) => {
      const share = formatPercent(Math.min(1, self / cost.self.native));
      const place = module && !symbol.startsWith(module) ? `  ${module}` : '';
      const text = `${' '.repeat(numbers)} │     ${padLeft(share, 6)}  ${symbol}${place}`;
      return paint('dim', clip(text, style.width));
    });
}

/** The lines a program waited in, which CPU time does not show. */
function waits(profile: Profile, style: Style): string {
  const all = [...profile.files.values()].flatMap((file) =>
    file.lines.map((line) => ({ file, line })),
  );
  const worth = all
    .filter(
      ({ line }) => line.self.wait >= smallestWait * profile.elapsedNs && line.self.wait > 1e6,
    )
    .sort((a, b) => b.line.self.wait - a.line.self.wait)
    .slice(0, mostWaits);
  if (worth.length === 0) return '';
  const paint = paintWith(style);
  const places = worth.map(({ file, line }) => `${shortPath(file.path)}:${line.line}`);
  const width = Math.max(...places.map(columns));
  const rows = worth.map(({ file, line }, index) => {
    const gil =
      line.self.gil >= 0.01 * line.self.wait
        ? `, ${formatSeconds(line.self.gil)} of it for the GIL`
        : '';
    const text = sourceLine(readSource(file.path), line.line)?.trim() ?? '';
    const front = `${padRight(places[index]!, width)}  ${padLeft(formatSeconds(line.self.wait), 8)}${gil}`;
    const room = style.width - columns(front) - 2;
    return `${front}${room >= 16 && text ? `  ${paint('dim', clip(text, room))}` : ''}`;
  });
  return [`${paint('bold', 'Waiting')}  not on a CPU, all threads added up`, ...rows].join('\n');
}

function bar(
  parts: { python: number; native: number; system: number; wait: number },
  style: Style,
): string {
  const paint = paintWith(style);
  const all = parts.python + parts.native + parts.system + parts.wait;
  const length = Math.min(barWidth, Math.max(1, Math.round(all * barWidth)));
  let text = '';
  let used = 0;
  let sum = 0;
  for (const kind of ['python', 'native', 'system', 'wait'] as const) {
    sum += parts[kind];
    const end = all > 0 ? Math.round((sum / all) * length) : 0;
    text += paint(kind, glyph(kind, style).repeat(end - used));
    used = end;
  }
  return text + paint('dim', '·'.repeat(barWidth - used));
}

/** Without colour the kinds differ by shade. */
function glyph(kind: 'python' | 'native' | 'system' | 'wait', style: Style): string {
  return style.color ? '■' : { python: '█', native: '▓', system: '▒', wait: '░' }[kind];
}

function readSource(path: string): string[] {
  try {
    return existsSync(path) ? splitLines(readFileSync(path, 'utf8')) : [];
  } catch {
    return [];
  }
}

function sourceLine(source: string[], line: number): string | undefined {
  return source[line - 1]?.replace(/\t/g, '    ').trimEnd();
}

/** Whether a file is the user's program rather than a library it uses. */
function isOwn(path: string, profile: Profile): boolean {
  if (path.startsWith('<')) return false;
  const main = mainProcess(profile);
  return (
    !/\/(site-packages|dist-packages|lib\/python3\.\d+)\//.test(path) ||
    (main?.command.some((word) => word !== '' && path.endsWith(`/${basename(word)}`)) ?? false)
  );
}

/** Relative to the working folder, or to the library folder it is in. */
function shortPath(path: string): string {
  const library = /\/lib\/python3\.\d+\/(?:(?:site|dist)-packages\/)?(.+)$/.exec(path);
  if (library) return library[1]!;
  const short = relative(process.cwd(), path);
  return path.startsWith('/') && !short.startsWith('..') && short !== '' ? short : path;
}

function fileCpu(file: FileCost): number {
  return file.lines.reduce((sum, { self }) => sum + amountOf(self, 'cpu'), 0);
}

function selfCpu({ cost }: Row): number {
  return amountOf(cost.self, 'cpu');
}
