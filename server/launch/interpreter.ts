/** Finds out whether an interpreter works and whether the native engine can follow it. */
import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, resolve } from 'node:path';

/** What a working interpreter says about itself. */
export interface Interpreter {
  /** Absolute path of the command. Links are not resolved, because a virtual environment is told by its link. */
  path: string;
  version: [number, number, number];
  versionText: string;
  implementation: string;
  bits: number;
  freeThreaded: boolean;
  debugBuild: boolean;
  /** alpha, beta, candidate or final. */
  releaseLevel: string;
  platform: string;
  machine: string;
  musl: boolean;
}

export interface Candidate {
  path: string;
  /** Where it came from, for messages: `the setting lineheat.interpreter`, `.venv in the folder`. */
  source: string;
}

const probeTimeoutMs = 15_000;
const oldest = 9;
const newest = 15;

// Runs on any Python, even 2.7, so that an old one is named instead of failing with a syntax error. The
// working folder leaves the path first, because a user's own os.py there must not run now.
const probe = `
import sys
if sys.path and sys.path[0] == "":
    del sys.path[0]
import os
try:
    import sysconfig
    free = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
except Exception:
    free = False
try:
    musl = not (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc")
except Exception:
    musl = True
name = getattr(getattr(sys, "implementation", None), "name", "cpython")
machine = os.uname()[4] if hasattr(os, "uname") else ""
bits = 64 if sys.maxsize > 2**32 else 32
said = ["lineheat", sys.version.split()[0], name, sys.platform, machine, bits, int(free), int(musl)]
said += [int(hasattr(sys, "gettotalrefcount")), sys.version_info[3]]
sys.stdout.write("\\t".join(str(word) for word in said + list(sys.version_info[:3])) + "\\n")
`;

/**
 * The first candidate that exists. A candidate that exists but does not work ends the search, because another
 * interpreter than the one chosen would profile the wrong program.
 */
export async function findInterpreter(
  candidates: readonly Candidate[],
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<{ ok: true; interpreter: Interpreter } | { ok: false; message: string }> {
  const [chosen, ...others] = candidates;
  const tried: string[] = [];
  for (const candidate of candidates) {
    const path = locate(candidate.path, cwd, env);
    if (path === undefined) {
      tried.push(`${candidate.path} (${candidate.source})`);
      continue;
    }
    return await ask(path, candidate, cwd, env);
  }
  if (chosen && others.length === 0) {
    return {
      ok: false,
      message: `The interpreter ${chosen.path} (${chosen.source}) was not found, so the program was not started. Correct the path, or choose another one.`,
    };
  }
  const list = tried.length > 0 ? ` Tried ${tried.join(', ')}.` : '';
  return {
    ok: false,
    message: `No Python interpreter was found.${list} Install Python 3.${oldest} or newer, or choose an interpreter.`,
  };
}

/** Why the native engine cannot follow this interpreter, as one sentence, or undefined when it can. */
export function unsupported(interpreter: Interpreter): string | undefined {
  const [major, minor] = interpreter.version;
  const reason = !interpreter.platform.startsWith('linux')
    ? `this one runs on ${interpreter.platform}`
    : interpreter.implementation !== 'cpython'
      ? `this is ${interpreter.implementation}`
      : major !== 3 || minor < oldest || minor > newest
        ? `this is Python ${interpreter.versionText}`
        : interpreter.freeThreaded
          ? `this is a free-threaded build of Python ${interpreter.versionText}`
          : interpreter.debugBuild
            ? `this is a debug build of Python ${interpreter.versionText}`
            : ['alpha', 'beta'].includes(interpreter.releaseLevel)
              ? `this is Python ${interpreter.versionText}, a pre-release whose structures still change`
              : interpreter.musl
                ? 'this one is built for musl libc (Alpine), and the engine needs glibc'
                : interpreter.bits !== 64 || agentArchitecture(interpreter) === undefined
                  ? `this one is a ${interpreter.bits}-bit program for ${interpreter.machine || 'an unknown processor'}`
                  : undefined;
  return (
    reason &&
    `The native engine needs CPython 3.${oldest}–3.${newest} on Linux x86-64 or arm64, and ${reason} (${interpreter.path}); the program was not started. Choose another interpreter.`
  );
}

/** The folder of dist/agent that holds the agent for this interpreter. */
export function agentArchitecture({ machine }: Pick<Interpreter, 'machine'>): string | undefined {
  return { x86_64: 'linux-x64', aarch64: 'linux-arm64' }[machine];
}

/** Absolute path of a command: through PATH when it is a bare name. Undefined when there is no such program. */
export function locate(command: string, cwd: string, env: NodeJS.ProcessEnv): string | undefined {
  if (command === '') return undefined;
  const places = command.includes('/')
    ? [isAbsolute(command) ? command : resolve(cwd, command)]
    : (env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin')
        .split(delimiter)
        .map((folder) => join(folder || cwd, command));
  return places.find((place) => {
    try {
      accessSync(place, constants.X_OK);
      return statSync(place).isFile();
    } catch {
      return false;
    }
  });
}

type Answer = { ok: true; interpreter: Interpreter } | { ok: false; message: string };

function ask(
  path: string,
  candidate: Candidate,
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<Answer> {
  // -S leaves out site-packages, which the answer does not need and which can be slow to set up.
  const args = ['-S', '-c', probe];
  return new Promise((done) => {
    execFile(path, args, { cwd, env, timeout: probeTimeoutMs }, (error, stdout, stderr) => {
      const line = stdout.split('\n').find((text) => text.startsWith('lineheat\t'));
      if (line) {
        done({ ok: true, interpreter: parseAnswer(path, line) });
        return;
      }
      const last = stderr.trim().split('\n').at(-1)?.trim();
      const why = error?.killed
        ? `it did not answer within ${probeTimeoutMs / 1000} s`
        : last || (error ? `it ended with ${describeEnd(error)}` : 'it printed nothing');
      done({
        ok: false,
        message: `The interpreter ${path} (${candidate.source}) does not work: ${why.replace(/\.$/, '')}. Repair it or choose another one.`,
      });
    });
  });
}

function parseAnswer(path: string, line: string): Interpreter {
  const words = line.split('\t').slice(1);
  const [versionText = '', implementation = '', platform = '', machine = ''] = words;
  const [bits = 0, free = 0, musl = 0, debug = 0] = words.slice(4, 8).map(Number);
  const [releaseLevel = ''] = words.slice(8);
  const [major = 0, minor = 0, micro = 0] = words.slice(9).map(Number);
  return {
    path,
    version: [major, minor, micro],
    versionText,
    implementation,
    bits,
    freeThreaded: free === 1,
    debugBuild: debug === 1,
    releaseLevel,
    platform,
    machine,
    musl: musl === 1,
  };
}

function describeEnd(error: {
  code?: string | number | null;
  signal?: NodeJS.Signals | null | undefined;
}): string {
  return error.signal ? `signal ${error.signal}` : `exit code ${String(error.code)}`;
}
