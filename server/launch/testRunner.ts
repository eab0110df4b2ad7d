/** Finds out how the tests of a file can be run. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';

const askMs = 15_000;

// The working folder is searched, as `-m` does, but not while Python's own modules are imported.
const probe = `
import sys
sys.path[:] = [place for place in sys.path if place != ""]
import importlib.util
sys.path.insert(0, "")
sys.stdout.write("lineheat-" + ("yes" if importlib.util.find_spec("pytest") else "no"))
`;

/**
 * The interpreter's arguments to run the tests of a file: pytest where the interpreter has it, else unittest for a file
 * that uses it; undefined when neither can.
 */
export async function testRunner(
  interpreter: string,
  file: string,
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<string[] | undefined> {
  if (await hasPytest(interpreter, cwd, env)) return ['-m', 'pytest', file];
  const text = await readFile(file, 'utf8').catch(() => '');
  const inside = relative(cwd, file);
  // unittest turns the path into a module name, which is possible only below the working folder.
  const canImport = !inside.startsWith('..');
  return canImport && /^\s*(?:import|from)\s+unittest\b/m.test(text)
    ? ['-m', 'unittest', inside]
    : undefined;
}

function hasPytest(interpreter: string, cwd: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  return new Promise((done) => {
    const options = { cwd, env, timeout: askMs };
    execFile(interpreter, ['-c', probe], options, (_error, stdout) =>
      done(stdout.includes('lineheat-yes')),
    );
  });
}
