/** Checks reports against server/report.schema.json. */
import { readFileSync } from 'node:fs';

type Schema = Record<string, unknown>;
const schema = JSON.parse(
  readFileSync(new URL('../server/report.schema.json', import.meta.url), 'utf8'),
) as Schema;

/** What is wrong with a report, one line each; none when it is what its schema says. */
export function reportProblems(report: unknown): string[] {
  return problems(report, schema);
}

/** The parts of JSON Schema that report.schema.json uses; anything else in it fails the test. */
function problems(value: unknown, rule: Schema, at = '$'): string[] {
  if (typeof rule['$ref'] === 'string') {
    const name = rule['$ref'].replace('#/$defs/', '');
    return problems(value, (schema['$defs'] as Record<string, Schema>)[name]!, at);
  }
  const found: string[] = [];
  const fields = (typeof value === 'object' ? value : undefined) ?? {};
  for (const [key, wanted] of Object.entries(rule)) {
    if (key === 'const' && value !== wanted) found.push(`${at} is not ${String(wanted)}`);
    else if (key === 'enum' && !(wanted as unknown[]).includes(value)) found.push(`${at}: enum`);
    else if (key === 'minimum' && !(Number(value) >= Number(wanted))) found.push(`${at} too small`);
    else if (key === 'maximum' && !(Number(value) <= Number(wanted))) found.push(`${at} too big`);
    else if (key === 'type') {
      const types = [wanted].flat() as string[];
      const actual = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
      const matches = types.some((type) =>
        type === 'integer' ? Number.isInteger(value) : type === actual,
      );
      if (!matches) found.push(`${at} is ${actual}, not ${types.join('|')}`);
    } else if (key === 'required') {
      for (const name of wanted as string[]) {
        if (!(name in fields)) found.push(`${at}.${name} is missing`);
      }
    } else if (key === 'properties') {
      for (const [name, inner] of Object.entries(wanted as Record<string, Schema>)) {
        const field = (fields as Record<string, unknown>)[name];
        if (field !== undefined) found.push(...problems(field, inner, `${at}.${name}`));
      }
      for (const name of Object.keys(fields)) {
        if (!(name in (wanted as object))) found.push(`${at}.${name} is not documented`);
      }
    } else if (key === 'items') {
      (value as unknown[]).forEach((item, index) => {
        found.push(...problems(item, wanted as Schema, `${at}[${index}]`));
      });
    } else if (key === 'oneOf') {
      const fits = (wanted as Schema[]).filter((inner) => problems(value, inner, at).length === 0);
      if (fits.length !== 1) found.push(`${at} fits ${fits.length} alternatives`);
    }
  }
  return found;
}
