/** What every feature answers from: the shown run, where its files are here, and what the client can draw. */
import { fileURLToPath } from 'node:url';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import type { ServerSettings } from '../../protocol/lsp';
import type { LineMap } from '../editing/lineMap';
import type { FileCost, Profile } from '../../profile/types';
import type { RunPlaces } from '../../profile/view/places';
import type { LocalFile, Sources } from '../editing/sources';

export interface FeatureContext {
  runId: string;
  profile: Profile;
  /** What questions about one line are answered from. */
  places: RunPlaces;
  sources: Sources;
  settings: ServerSettings;
  /** The client registers Lineheat's commands and draws icons. */
  rich: boolean;
}

/** A document for which the shown run has figures. */
export interface ProfiledDocument {
  file: LocalFile;
  cost: FileCost;
  /** Undefined when the text at the run is unknown; line numbers are taken as they are then. */
  map: LineMap | undefined;
}

/** The run's view of a document, or undefined when the run did not touch it. */
export function profiled(
  context: FeatureContext,
  document: TextDocument,
): ProfiledDocument | undefined {
  if (!document.uri.startsWith('file:')) return undefined;
  const file = context.sources.at(fileURLToPath(document.uri));
  const cost = file && context.sources.cost(file, context.profile);
  if (!file || !cost) return undefined;
  const map = context.sources.lineMap(file, document.version, () => document.getText());
  return { file, cost, map };
}
