export function ensureWheel(
  name: string,
  version: string,
  minor: number,
  interpreters: string[],
): Promise<string>;
