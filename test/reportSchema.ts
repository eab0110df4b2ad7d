/** Checks reports against server/report.schema.json. */
import { readFileSync } from 'node:fs';
import Ajv from 'ajv/dist/2020';

const schema = JSON.parse(
  readFileSync(new URL('../server/report.schema.json', import.meta.url), 'utf8'),
) as object;
// Fields that are not documented are problems, too; of a rule that Ajv does not know it throws.
const check = new Ajv({ allowUnionTypes: true, strictRequired: false }).compile(closed(schema));

/** What is wrong with a report, one line each; none when it is what its schema says. */
export function reportProblems(report: unknown): string[] {
  if (check(report)) return [];
  return check.errors!.map(({ instancePath, message, params }) =>
    [`$${instancePath}`, message, JSON.stringify(params)].join(' '),
  );
}

/** The schema, with every object's fields being all it may have. */
function closed<T>(rule: T): T {
  if (typeof rule !== 'object' || rule === null) return rule;
  if (Array.isArray(rule)) return rule.map(closed) as T;
  const inner = Object.entries(rule).map(([key, value]) => [key, closed<unknown>(value)]);
  const more = 'properties' in rule && 'type' in rule ? { additionalProperties: false } : {};
  return { ...Object.fromEntries(inner), ...more } as T;
}
