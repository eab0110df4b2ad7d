/** Annotations of the shown run, sent for every file when they differ from what the client has. */
import { pathToFileURL } from 'node:url';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import type { FileAnnotations, LineAnnotation } from '../../protocol/lsp';
import { annotateFile } from '../../profile/words/annotation';
import { annotateFunctions } from '../../profile/words/functionAnnotation';
import type { LocalFile } from '../editing/sources';
import type { FeatureContext } from './context';

/** Remembers what was sent, so that only changes are. */
export class AnnotationSender {
  readonly #sent = new Map<string, string>();
  #run = '';
  readonly #post: (file: FileAnnotations) => void;

  constructor(post: (file: FileAnnotations) => void) {
    this.#post = post;
  }

  /** Sends what changed. Where `context` is undefined no run is shown, and everything is cleared. */
  send(
    context: FeatureContext | undefined,
    openDocument: (uri: string) => TextDocument | undefined,
  ): void {
    const current = new Set<string>();
    if (context) {
      this.#run = context.runId;
      context.sources.update(context.profile);
      for (const file of context.sources.files()) {
        const document = openDocument(pathToFileURL(file.path).href);
        const lines = annotationsOf(context, file, document);
        const functions = functionsOf(context, file, document);
        if (lines.length + functions.length === 0) continue;
        current.add(file.path);
        this.#sendFile(context, file.path, lines, functions);
      }
    }
    for (const path of this.#sent.keys()) {
      if (current.has(path)) continue;
      this.#sent.delete(path);
      const metric = context?.settings.metric ?? 'cpu';
      this.#post({ run: this.#run, path, metric, lines: [], functions: [] });
    }
  }

  #sendFile(
    context: FeatureContext,
    path: string,
    lines: LineAnnotation[],
    functions: LineAnnotation[],
  ): void {
    const { metric } = context.settings;
    const message: FileAnnotations = { run: context.runId, path, metric, lines, functions };
    const text = JSON.stringify(message);
    if (this.#sent.get(path) === text) return;
    this.#sent.set(path, text);
    this.#post(message);
  }
}

/** Annotations of one file, on the lines of its current text. */
export function annotationsOf(
  context: FeatureContext,
  file: LocalFile,
  document: TextDocument | undefined,
): LineAnnotation[] {
  const { profile, settings, sources } = context;
  const cost = sources.cost(file, profile);
  if (!cost) return [];
  const place = placer(context, file, document);
  return annotateFile(cost, profile, settings.metric, settings.thresholdPercent).flatMap((line) => {
    const now = place(line.line);
    return now ? [{ ...line, ...now }] : [];
  });
}

/** Lines of decorators that are searched for the definition below them. */
const mostDecorators = 40;
const definition = /^\s*(async\s+def|def)\b/;

/** Functions of one file, at the lines of their `def`; none where the text that ran is not known. */
function functionsOf(
  context: FeatureContext,
  file: LocalFile,
  document: TextDocument | undefined,
): LineAnnotation[] {
  const { profile, settings, sources } = context;
  const { captured } = file;
  const cost = captured && sources.cost(file, profile);
  if (!cost) return [];
  const place = placer(context, file, document);
  const functions = annotateFunctions(cost, profile, settings.metric, settings.thresholdPercent);
  return functions.flatMap((figures) => {
    // A decorated function begins at its first decorator.
    const first = figures.line - 1;
    const at = captured
      .slice(first, first + mostDecorators)
      .findIndex((text) => definition.test(text));
    const now = at >= 0 ? place(figures.line + at) : undefined;
    return now ? [{ ...figures, ...now }] : [];
  });
}

/** Says where a line of the text that ran is now, and whether it was changed; undefined: it was removed. */
export function placer(
  { sources }: FeatureContext,
  file: LocalFile,
  document: TextDocument | undefined,
): (line: number) => { line: number; stale: boolean } | undefined {
  if (!file.captured) return (line) => ({ line, stale: true });
  if (!document) return (line) => ({ line, stale: false });
  const map = sources.lineMap(file, document.version, () => document.getText());
  return (line) => map?.toCurrent(line);
}
