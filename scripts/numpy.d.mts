export function ensureNumpy(minor: number, interpreters: string[]): Promise<string>;
