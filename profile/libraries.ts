/** Which library a native frame belongs to: its file, and the Python package that the file came with. */

/** What every compiled program may use, so that it says nothing of whose work is done. */
const runtime = /^lib(stdc\+\+|gcc_s|c\+\+(abi)?|unwind|atomic|dl|rt|pthread|util|z)(?=[.-])/;

/** The file of a module and the package that it came with, as keys to compare; none for what anybody uses. */
export function libraryKeys(path: string): readonly string[] {
  const [, top, rest] = /\/(?:site|dist)-packages\/([^/]+)(\/.+)?$/.exec(path) ?? [];
  const name = (rest ?? top ?? path).replace(/^.*\//, '');
  if (runtime.test(name)) {
    return [];
  }
  // What a wheel brings along lies in a folder beside the package's own: `numpy.libs`.
  const folder = rest === undefined ? undefined : top?.replace(/\.libs$/, '').toLowerCase();
  return folder === undefined ? [path] : [path, `package ${folder}`];
}
