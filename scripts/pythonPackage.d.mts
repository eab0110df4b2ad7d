export function ensurePythonPackage(name: string, version: string): Promise<string>;
