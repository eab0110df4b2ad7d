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

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** A library's name without version and suffix: `libscipy_openblas64_`. */
export function libraryName(module: string): string {
  return /^\w+/.exec(module)?.[0] ?? 'generated code';
}

/** Whether a file is called like an interpreter: `python3.12`. */
export function isInterpreter(name: string): boolean {
  return /^python[\d.]*[a-z]*$/.test(name);
}

/**
 * The name of what a command line runs: `server.py`, `pytest`, `python -c`, `multiprocessing spawn`, or a program
 * that embeds Python; '' if it names nothing.
 */
export function programOf(command: readonly string[]): string {
  const program = baseName(command[0] ?? '');
  if (!isInterpreter(program)) return program;
  for (let at = 1; at < command.length; at++) {
    const word = command[at]!;
    if (word === '-m') return command[at + 1] ?? '';
    if (word === '-c') {
      const helper = /^from multiprocessing\.(\w+) import/.exec(command[at + 1] ?? '');
      return helper ? `multiprocessing ${helper[1]}` : 'python -c';
    }
    if (word === '-X' || word === '-W') at++;
    else if (!word.startsWith('-')) return baseName(word);
  }
  return '';
}

/** Whether a file lies where libraries are installed. */
export function isInstalled(path: string): boolean {
  return /[\\/](site-packages|dist-packages|lib[\\/]python3\.\d+)[\\/]/.test(path);
}
