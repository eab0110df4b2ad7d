export interface CodeServer {
  folder: string;
  /** The Node to run it with. */
  node: string;
  /** Its entry script. */
  entry: string;
}
export function cacheFolder(): string;
export function missingPackages(): Promise<string[]>;
export function ensureCodeServer(say?: (line: string) => void): Promise<CodeServer>;
