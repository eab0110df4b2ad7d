/** Which library a native frame belongs to: its file, and the Python package that the file came with. */

/** What every compiled program may use, so that it says nothing of whose work is done. */
const runtime = /^lib(stdc\+\+|gcc_s|c\+\+(abi)?|unwind|atomic|dl|rt|pthread|util|z)(?=[.-])/;

/** Key of code that was made at run time, which has no file. */
export const generatedCode = 'generated code';

const packagePrefix = 'package ';

/** Whether a key names a package, several libraries that may have little to do with each other. */
export function isPackageKey(key: string): boolean {
  return key.startsWith(packagePrefix);
}

/** The file of a module and the package that it came with, as keys to compare; none for what anybody uses. */
export function libraryKeys(path: string): readonly string[] {
  const [, top, rest] = /\/(?:site|dist)-packages\/([^/]+)(\/.+)?$/.exec(path) ?? [];
  const name = (rest ?? top ?? path).replace(/^.*\//, '');
  if (runtime.test(name)) {
    return [];
  }
  // What a wheel brings along lies in a folder beside the package's own: `numpy.libs`.
  const folder = rest === undefined ? undefined : top?.replace(/\.libs$/, '').toLowerCase();
  return folder === undefined ? [path] : [path, `${packagePrefix}${folder}`];
}
