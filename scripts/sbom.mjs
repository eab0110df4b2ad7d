/**
 * `npm run sbom`, after `npm run package`: artifacts/lineheat.cdx.json, what the package is made of, in CycloneDX. npm describes
 * all of package-lock.json; what is bundled is in the notices that the build has written.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { packagesOf } from './notices.mjs';
import { isStarted, main, Problem, run, tail } from './vscode/process.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const output = 'artifacts/lineheat.cdx.json';

/**
 * @typedef {object} Component
 * @property {string} bom-ref
 * @property {string} type
 * @property {string} name
 * @property {string} version
 * @property {string} [scope]
 * @property {{name: string, value: string}[]} [properties]
 */
/**
 * The part of a CycloneDX document that is changed.
 * @typedef {object} Bom
 * @property {{component: Component}} metadata
 * @property {Component[]} components
 * @property {{ref: string, dependsOn: string[]}[]} dependencies
 */

/**
 * npm's list of components, with those of the notices alone. Throws a Problem that names what npm does not know.
 * @param {Bom} bom as `npm sbom --sbom-format cyclonedx` prints it
 * @param {string} notices dist/THIRD_PARTY_NOTICES.txt
 * @returns {Bom}
 */
export function bundledOnly(bom, notices) {
  const bundled = new Set(packagesOf(notices));
  // npm writes a component once for each folder that it is in.
  const components = new Map(
    bom.components.map((component) => [`${component.name}@${component.version}`, component]),
  );
  for (const name of components.keys()) if (!bundled.has(name)) components.delete(name);
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

/**
 * npm names the program after the folder that it is in, and says that it is a library.
 * @param {Component} component
 */
function program(component) {
  const [name = ''] = component['bom-ref'].split('@');
  return { ...component, type: 'application', name };
}

/**
 * package.json asks for bundled packages as for tools, so npm says of each that it is for development, and optional.
 * @param {Component} component
 */
function shipped({ properties = [], ...component }) {
  const others = properties.filter(({ name }) => name !== 'cdx:npm:package:development');
  return {
    ...component,
    scope: 'required',
    ...(others.length > 0 ? { properties: others } : {}),
  };
}

/**
 * Who depends on whom; the program on what no bundled package depends on.
 * @param {Component[]} components
 * @param {Bom} bom
 */
function dependenciesAmong(components, { metadata, dependencies }) {
  const refs = new Set(components.map((component) => component['bom-ref']));
  const kept = dependencies
    .filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn }) => ({
      ref,
      dependsOn: dependsOn.filter((other) => refs.has(other)),
    }));
  const needed = new Set(kept.flatMap(({ dependsOn }) => dependsOn));
  const direct = [...refs].filter((ref) => !needed.has(ref));
  return [{ ref: metadata.component['bom-ref'], dependsOn: direct }, ...kept];
}

/**
 * What npm says of all of package-lock.json.
 * @returns {Promise<Bom>}
 */
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

if (isStarted(import.meta.url)) await main(write);
