export class Problem extends Error {}
export function run(
  command: string,
  args: string[],
  options?: { cwd?: string; env?: NodeJS.ProcessEnv; quiet?: boolean; timeoutMs?: number },
): Promise<{ code: number; output: string }>;
export function which(name: string, path?: string): string | null;
export function freePort(): Promise<number>;
export function tail(output: string, lines: number): string;
