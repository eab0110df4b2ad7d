/** Paths as text; profile/ knows no file system. */

/**
 * A co_filename as an absolute path: relative ones are taken from the process's working directory, `.` and `..` are
 * resolved. Names that are not files (`<string>`, `<frozen …>`) and paths without a known folder stay as they are.
 */
export function absolutePath(cwd: string, filename: string): string {
  if (filename === '' || filename.startsWith('<')) {
    return filename;
  }
  const joined = filename.startsWith('/') ? filename : cwd === '' ? '' : `${cwd}/${filename}`;
  if (!joined.startsWith('/')) {
    return filename;
  }
  const parts: string[] = [];
  for (const part of joined.split('/')) {
    if (part === '..') {
      parts.pop();
    } else if (part !== '' && part !== '.') {
      parts.push(part);
    }
  }
  return `/${parts.join('/')}`;
}

/** The last part of a path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
