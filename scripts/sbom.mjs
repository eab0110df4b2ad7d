/**
 * `npm run sbom`, after `npm run package`: artifacts/lineheat.cdx.json, what the package is made of, in CycloneDX. npm describes
 * all of package-lock.json; what is bundled is in the notices that the build has written.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { packagesOf } from './notices.mjs';
import { main, Problem, run, tail } from './vscode/process.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const output = 'artifacts/lineheat.cdx.json';

/**
 * npm's list of components, with those of the notices alone. Throws a Problem that names what npm does not know.
 * @param {object} bom as `npm sbom --sbom-format cyclonedx` prints it
 * @param {string} notices dist/THIRD_PARTY_NOTICES.txt
 */
export function bundledOnly(bom, notices) {
  const bundled = new Set(packagesOf(notices));
  // npm writes a component once for each folder that it is in.
  const components = new Map(
    bom.components
      .map((component) => [`${component.name}@${component.version}`, component])
      .filter(([name]) => bundled.has(name)),
  );
  const unknown = [...bundled].filter((name) => !components.has(name));
  if (unknown.length > 0) {
    throw new Problem(
      `npm does not know ${unknown.join(', ')}, which dist/THIRD_PARTY_NOTICES.txt names. Run \`npm ci && npm run package\`, then try again.`,
    );
  }
  return {
    ...bom,
    metadata: { ...bom.metadata, component: program(bom.metadata.component) },
    components: [...components.values()].map(shipped),
    dependencies: dependenciesAmong([...components.values()], bom),
  };
}

/** npm calls the program like the folder that it is in, and a library. */
function program(component) {
  const [name] = component['bom-ref'].split('@');
  return { ...component, type: 'application', name };
}

/** package.json asks for bundled packages as for tools, so npm says of each that it is for development, and optional. */
function shipped({ properties = [], ...component }) {
  const others = properties.filter(({ name }) => name !== 'cdx:npm:package:development');
  return {
    ...component,
    scope: 'required',
    ...(others.length > 0 ? { properties: others } : {}),
  };
}

/** Who depends on whom; the program on what no bundled package depends on. */
function dependenciesAmong(components, { metadata, dependencies }) {
  const refs = new Set(components.map((component) => component['bom-ref']));
  const kept = dependencies
    .filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((it) => refs.has(it)) }));
  const needed = new Set(kept.flatMap(({ dependsOn }) => dependsOn));
  const direct = [...refs].filter((ref) => !needed.has(ref));
  return [{ ref: metadata.component['bom-ref'], dependsOn: direct }, ...kept];
}

/** What npm says of all of package-lock.json. */
export async function npmComponents() {
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'];
  const { code, output: text } = await run('npm', args, { cwd: root, quiet: true });
  if (code !== 0) {
    throw new Problem(`npm sbom failed (exit ${code}); npm 9.8 or later has it.\n${tail(text)}`);
  }
  return JSON.parse(text);
}

async function write() {
  process.chdir(root);
  let notices;
  try {
    notices = readFileSync('dist/THIRD_PARTY_NOTICES.txt', 'utf8');
  } catch {
    throw new Problem('There is no dist/THIRD_PARTY_NOTICES.txt: run `npm run package` first.');
  }
  const bom = bundledOnly(await npmComponents(), notices);
  writeFileSync(output, `${JSON.stringify(bom, null, 2)}\n`);
  console.log(`${output}: ${bom.components.length} packages`);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await main(write);
