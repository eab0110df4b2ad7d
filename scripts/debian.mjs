// Debian packages unpacked into a folder of ours, for any architecture and release: nothing is installed, and nothing
// needs root. apt gets a state of its own, in which nothing is installed yet, so that everything needed is fetched.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Problem, run, tail, which } from './vscode/process.mjs';

const mirror = 'http://deb.debian.org/debian';
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
const timeoutMs = 300_000;

/**
 * Unpacks packages of a release, and all that they depend on, into an existing folder.
 * @param {{suite: string, architecture: string, packages: string[], into: string}} wanted
 */
export async function unpackDebian({ suite, architecture, packages, into }) {
  if (!which('apt-get') || !which('dpkg-deb') || !existsSync(keyring)) {
    throw new Problem(
      `${packages.join(', ')} come from Debian, and that takes apt-get, dpkg-deb and ${keyring} (\`sudo apt-get install debian-archive-keyring\`).`,
    );
  }
  const apt = mkdtempSync(join(tmpdir(), 'lineheat-apt-'));
  try {
    const env = aptSettings(apt, suite, architecture);
    await must('apt-get', ['-qq', 'update'], env);
    const words = ['-qq', '-y', '--download-only', '--no-install-recommends', 'install'];
    await must('apt-get', [...words, ...packages], env);
    const archives = join(apt, 'cache', 'archives');
    for (const name of readdirSync(archives).filter((name) => name.endsWith('.deb'))) {
      await must('dpkg-deb', ['-x', join(archives, name), into], env);
    }
  } finally {
    rmSync(apt, { recursive: true, force: true });
  }
}

/**
 * Makes apt's folders and its configuration. Returns the environment that makes apt use them.
 * @param {string} folder
 * @param {string} suite
 * @param {string} architecture
 */
function aptSettings(folder, suite, architecture) {
  for (const name of ['lists/partial', 'cache/archives/partial', 'state']) {
    mkdirSync(join(folder, name), { recursive: true });
  }
  writeFileSync(join(folder, 'state', 'status'), '');
  writeFileSync(join(folder, 'sources'), `deb [signed-by=${keyring}] ${mirror} ${suite} main\n`);
  const settings = {
    'Dir::State': join(folder, 'state'),
    'Dir::State::lists': join(folder, 'lists'),
    'Dir::State::status': join(folder, 'state', 'status'),
    'Dir::Cache': join(folder, 'cache'),
    'Dir::Etc::sourcelist': join(folder, 'sources'),
    'Dir::Etc::sourceparts': '/dev/null',
    'APT::Architecture': architecture,
    // As root, apt would go on as a user of its own, who cannot read this folder.
    'APT::Sandbox::User': '',
    'Acquire::Languages': 'none',
  };
  const text = Object.entries(settings).map(([name, value]) => `${name} "${value}";\n`);
  text.push(`APT::Architectures { "${architecture}"; };\n`);
  writeFileSync(join(folder, 'apt.conf'), text.join(''));
  return { ...process.env, APT_CONFIG: join(folder, 'apt.conf') };
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
async function must(command, args, env) {
  const { code, output } = await run(command, args, { env, quiet: true, timeoutMs });
  if (code === 0) return;
  throw new Problem(
    `Debian packages could not be fetched from ${mirror} (${command} ended with ${code}):\n${tail(output, 5)}`,
  );
}
