/** Paths of the interpreters that are in the cache. */
export function cachedPythons(): string[];
/** Makes sure that they are in the cache, and returns their paths. */
export function ensurePythons(say?: (line: string) => void): Promise<string[]>;
