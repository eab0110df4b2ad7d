import * as fs from 'node:fs/promises';
import { describe, UserError } from '../messages';

/**
 * Reads `NAME=value` lines. `required`: the user named the file, so that a missing one is an error; a missing
 * default file is not.
 */
export async function readEnvFile(
  file: string,
  required: boolean,
): Promise<Record<string, string>> {
  try {
    return parseEnvFile(await fs.readFile(file, 'utf8'), process.env);
  } catch (error) {
    if (!required && error instanceof Error && 'code' in error && error.code === 'ENOENT')
      return {};
    throw new UserError(
      `The environment file ${file} cannot be read (${describe(error)}). Create it or change the setting lineheat.envFile.`,
    );
  }
}

/**
 * Parses the text of an environment file the way the Python extension does: `export` and comments are allowed, values
 * may be quoted, `${NAME}` outside single quotes stands for a variable set before or inherited.
 */
export function parseEnvFile(
  text: string,
  inherited: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const env: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    const [, name, raw] = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*)$/.exec(line) ?? [];
    if (name === undefined || raw === undefined) continue;
    const [, quote, quoted] = /^(["'])(.*)\1\s*(?:#.*)?$/.exec(raw) ?? [];
    const value = quoted ?? raw.replace(/\s+#.*$/, '').trim();
    const unescaped = quote === '"' ? value.replace(/\\n/g, '\n') : value;
    env[name] =
      quote === "'"
        ? value
        : unescaped.replace(
            /\$\{(\w+)\}/g,
            (_, other: string) => env[other] ?? inherited[other] ?? '',
          );
  }
  return env;
}
