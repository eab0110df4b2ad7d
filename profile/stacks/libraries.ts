/** The library that a native frame belongs to: its file, and the Python package that installed the file. */

/** Libraries that every compiled program may use, so that they do not tell whose work is done. */
const runtime = /^lib(stdc\+\+|gcc_s|c\+\+(abi)?|unwind|atomic|dl|rt|pthread|util|z)(?=[.-])/;

/** Key of generated code, which has no file. */
export const generatedCode = 'generated code';

const packagePrefix = 'package ';

/** Whether a key names a package, whose libraries may have little to do with each other. */
export function isPackageKey(key: string): boolean {
  return key.startsWith(packagePrefix);
}

/** The file of a module, and the package that installed it, as keys to compare; none for libraries that everybody uses. */
export function libraryKeys(path: string): readonly string[] {
  const [, top, rest] = /\/(?:site|dist)-packages\/([^/]+)(\/.+)?$/.exec(path) ?? [];
  const name = (rest ?? top ?? path).replace(/^.*\//, '');
  if (runtime.test(name)) {
    return [];
  }
  // Libraries that a wheel brings along lie in a folder beside the package's own: `numpy.libs`.
  const folder = rest === undefined ? undefined : top?.replace(/\.libs$/, '').toLowerCase();
  return folder === undefined ? [path] : [path, `${packagePrefix}${folder}`];
}
