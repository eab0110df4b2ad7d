/** Inlay hints at the end of hot lines, for editors that know plain LSP only. */
import type { InlayHint, Range } from 'vscode-languageserver/node';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { annotationsOf } from './annotations';
import { profiled, type FeatureContext } from './context';

/** Hints for the annotated lines of a range. */
export function inlayHints(
  context: FeatureContext,
  document: TextDocument,
  range: Range,
): InlayHint[] {
  const place = profiled(context, document);
  if (!place || !context.settings.inlayHints) return [];
  return annotationsOf(context, place.file, document)
    .filter(({ line }) => line - 1 >= range.start.line && line - 1 <= range.end.line)
    .filter(({ line }) => line <= document.lineCount)
    .map(({ line, value, percent, detail, stale }) => ({
      position: { line: line - 1, character: lineLength(document, line - 1) },
      label: [value, percent, detail, stale ? '(edited since the run)' : '']
        .filter((word) => word !== '')
        .join('  '),
      paddingLeft: true,
    }));
}

function lineLength(document: TextDocument, line: number): number {
  const text = document.getText({
    start: { line, character: 0 },
    end: { line: line + 1, character: 0 },
  });
  return text.replace(/[\r\n]+$/, '').length;
}
