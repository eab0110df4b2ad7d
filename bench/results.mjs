// The file of measurements: one section for each benchmark, which a later run replaces.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const path = fileURLToPath(new URL('RESULTS.md', import.meta.url));

/** Timer interrupts per second that this kernel was built with, where it says so. */
function kernelTick() {
  const configurations = ['/proc/config.gz', `/boot/config-${release()}`].filter(existsSync);
  for (const name of configurations) {
    const bytes = readFileSync(name);
    const found = /^CONFIG_HZ=(\d+)$/m.exec(
      (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1'),
    );
    if (found) return `${found[1]} Hz`;
  }
  return 'unknown';
}

/** The machine in words, and how busy it is now. */
export function machine() {
  const model = cpus()[0]?.model ?? 'unknown processor';
  return `${cpus().length} × ${model}, Linux ${release()}, kernel tick ${kernelTick()}, load ${load()}`;
}

/** Load average of the last minute. */
export const load = () => loadavg()[0].toFixed(2);

/** The interpreter itself, because a launcher script in front of it would be measured too, and its version. */
export function resolvePython(command) {
  const probe = 'import sys; print(sys.executable); print(sys.version.split()[0])';
  return execFileSync(command, ['-c', probe], { encoding: 'utf8' }).trim().split('\n');
}

/**
 * Writes a section of RESULTS.md in place of the one with the same title.
 * @param {string} title
 * @param {string} command what a person types to measure it again
 * @param {string} text Markdown
 */
export function saveSection(title, command, text) {
  const kept = existsSync(path) ? readFileSync(path, 'utf8') : '# Measured\n';
  const [head, ...sections] = kept.split(/^(?=## )/m);
  const date = new Date().toISOString().slice(0, 10);
  const section = `## ${title}\n\n${date}, \`${command}\`\n\n${text.trim()}\n`;
  const at = sections.findIndex((found) => found.split('\n', 1)[0] === `## ${title}`);
  if (at < 0) sections.push(section);
  else sections[at] = section;
  writeFileSync(path, [head, ...sections].map((part) => `${part.trim()}\n`).join('\n'));
}

/** A table in Markdown, its columns aligned. Cells are text; undefined is a dash. */
export function markdownTable(head, rows) {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell ?? '–'));
  const widths = head.map((_, at) => Math.max(3, ...cells.map((row) => row[at].length)));
  const line = (row) => `| ${row.map((cell, at) => cell.padEnd(widths[at])).join(' | ')} |`;
  const [first, ...rest] = cells.map(line);
  return [first, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rest].join('\n');
}
