import type { Metafile } from 'esbuild';

export function packageFolders(metafiles: Iterable<Metafile>): string[];
export function noticesOf(folders: readonly string[], root: string): string;
export function packagesOf(notices: string): string[];
