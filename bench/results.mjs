// RESULTS.md: one section for each benchmark, which a later run replaces.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const path = fileURLToPath(new URL('RESULTS.md', import.meta.url));

/** Timer interrupts per second of this kernel, if its build configuration is readable. */
function kernelTick() {
  const configurations = ['/proc/config.gz', `/boot/config-${release()}`].filter((name) =>
    existsSync(name),
  );
  for (const name of configurations) {
    const bytes = readFileSync(name);
    const found = /^CONFIG_HZ=(\d+)$/m.exec(
      (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1'),
    );
    if (found) return `${found[1]} Hz`;
  }
  return 'unknown';
}

/** Describes the machine and its load. */
export function machine() {
  const model = cpus()[0]?.model ?? 'unknown processor';
  return `${cpus().length} × ${model}, Linux ${release()}, kernel tick ${kernelTick()}, load ${load()}`;
}

/** Load average of the last minute. */
export const load = () => (loadavg()[0] ?? NaN).toFixed(2);

/**
 * The interpreter behind a command: a launcher script in front of it would be measured too.
 * @param {string} command
 * @returns {[path: string, version: string]}
 */
export function resolvePython(command) {
  const probe = 'import sys; print(sys.executable); print(sys.version.split()[0])';
  const printed = execFileSync(command, ['-c', probe], { encoding: 'utf8' });
  const [path = '', version = ''] = printed.trim().split('\n');
  return [path, version];
}

/**
 * Writes a section of RESULTS.md in place of the one with the same title.
 * @param {string} title
 * @param {string} command the command that repeats the measurement
 * @param {string} text Markdown
 */
export function saveSection(title, command, text) {
  const kept = existsSync(path) ? readFileSync(path, 'utf8') : '# Measured\n';
  const [head = '', ...sections] = kept.split(/^(?=## )/m);
  const date = new Date().toISOString().slice(0, 10);
  const section = `## ${title}\n\n${date}, \`${command}\`\n\n${text.trim()}\n`;
  const at = sections.findIndex((found) => found.split('\n', 1)[0] === `## ${title}`);
  if (at < 0) sections.push(section);
  else sections[at] = section;
  writeFileSync(path, [head, ...sections].map((part) => `${part.trim()}\n`).join('\n'));
}

/**
 * A Markdown table with aligned columns.
 * @param {string[]} head
 * @param {(string | undefined)[][]} rows undefined becomes a dash
 */
export function markdownTable(head, rows) {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell ?? '–'));
  const widths = head.map((_, at) => Math.max(3, ...cells.map((row) => row[at]?.length ?? 0)));
  const [first, ...rest] = cells.map(
    (row) => `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`,
  );
  return [first, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rest].join('\n');
}
