/** Which files are the user's own, and what folds the others into them. */
import picomatch from 'picomatch';
import { Fold } from '../../profile/view/fold';
import { absolutePath, isInstalled } from '../../profile/paths';
import type { Profile } from '../../profile/types';
import type { ServerSettings } from '../../protocol/lsp';
import { codeOf, moduleOf } from '../launch/pythonOptions';
import type { Run } from '../reading/run';

/** Whether a file is the user's program rather than a library it uses. */
export function isOwn(path: string, profile: Profile): boolean {
  const main = profile.processes[0];
  if (path === '<string>') return codeOf(main?.command ?? []) !== undefined;
  if (path === '<stdin>') return true;
  if (path.startsWith('<')) return false;
  return (
    !isInstalled(path) ||
    isModule(path, moduleOf(main?.command ?? [])) ||
    // The script itself. A library may have a file of the same name, as Flask has an app.py.
    (main?.command.some((word) => word !== '' && path === absolutePath(main.cwd, word)) ?? false)
  );
}

/** Whether a file is the module that -m names, or the __main__.py of the package that it names. */
function isModule(path: string, module: string | undefined): boolean {
  const place = `/${module?.replaceAll('.', '/')}`;
  return (
    module !== undefined && (path.endsWith(`${place}.py`) || path.endsWith(`${place}/__main__.py`))
  );
}

/** Keeps a fold for each run: the same object until the settings change, so that its caches stay. */
export class OwnCode {
  readonly #known = new WeakMap<Run, { patterns: string; fold: Fold }>();

  /** Undefined where nothing is to be folded. */
  foldOf(
    run: Run,
    { onlyMyCode, libraryPatterns }: Pick<ServerSettings, 'onlyMyCode' | 'libraryPatterns'>,
  ): Fold | undefined {
    if (!onlyMyCode) return undefined;
    const patterns = JSON.stringify(libraryPatterns);
    let known = this.#known.get(run);
    if (known?.patterns !== patterns) {
      const isLibrary = picomatch(libraryPatterns.map(anywhere), { dot: true });
      const isMine = (path: string): boolean =>
        isOwn(path, run.profile()) && !(libraryPatterns.length > 0 && isLibrary(path));
      known = { patterns, fold: new Fold(isMine) };
      this.#known.set(run, known);
    }
    return known.fold;
  }
}

/** A pattern that does not begin at the root matches in any folder. */
function anywhere(pattern: string): string {
  return /^(\/|\*\*)/.test(pattern) ? pattern : `**/${pattern}`;
}
