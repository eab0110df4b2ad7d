export const arm64Minors: number[];
export function arm64Missing(): string | undefined;
export function ensureArm64Pythons(
  say?: (line: string) => void,
): Promise<{ minor: number; root: string; python: string }[]>;
export function arm64Command(root: string, env: Record<string, string>, words: string[]): string[];
