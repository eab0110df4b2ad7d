/**
 * Masks passwords and tokens among the arguments of a program, in files that are sent to others: saved runs and reports.
 * The recordings themselves stay on the machine where they were made.
 */

/** Stands for a secret of any length. */
const mask = '***';

/** The last word of a name that stands for a secret: `--db-password`, `apiKey`, but not `tokenizer`. */
const secretName =
  /(?:^|[^a-z])(?:pass|password|passwd|passphrase|pwd|secret|token|credentials?|authorization|pat|(?:api|access|auth|private|secret|encryption|signing|account)[-_. ]?key)$/;
/** `name=value`, `name: value` and `"name": "value"`, wherever in an argument. */
const assignment =
  /(?<name>[A-Za-z_][\w.-]*)(?<between>["']?\s*(?:=|:(?!\/\/))\s*)(?<quote>["']?)(?<value>[^\s"'&;,]+)/g;
const scheme = /\b(bearer|basic)\s+[\w.~+/=-]+/gi;
const userinfo = /([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s/]+@/gi;

/** The arguments of a program with what looks like a secret masked. */
export function maskSecrets(args: readonly string[]): string[] {
  return args.map((argument, index) => {
    const before = args[index - 1] ?? '';
    const isValue = /^--?[A-Za-z][\w.-]*$/.test(before) && isSecret(before) && !/^-/.test(argument);
    return isValue ? mask : maskInside(argument);
  });
}

function maskInside(argument: string): string {
  return argument
    .replace(userinfo, `$1:${mask}@`)
    .replace(scheme, `$1 ${mask}`)
    .replace(assignment, (all: string, ...groups: unknown[]) => {
      const { name, between, quote, value } = groups.at(-1) as Record<string, string>;
      const isMasked = value === mask || /^(bearer|basic)$/i.test(value!);
      return isSecret(name!) && !isMasked ? `${name}${between}${quote}${mask}` : all;
    });
}

function isSecret(name: string): boolean {
  return secretName.test(name.replace(/([a-z0-9])(?=[A-Z])/g, '$1-').toLowerCase());
}
