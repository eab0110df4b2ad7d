/** Tells the client of new figures: annotations at once, and a little later that it may ask again for lenses and hints. */
import type { ClientCapabilities, Connection } from 'vscode-languageserver/node';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { annotationsNotification } from '../protocol/lsp';
import { AnnotationSender } from './features/annotations';
import type { Session } from './session';

/** Annotations follow the keyboard after this pause. */
const editDelayMs = 120;
/** Lenses and hints move the text, so they come less often than annotations. */
const refreshDelayMs = 1000;

/** Owns timers; they end with the server. */
export class Publisher {
  /** What the client can be asked for. */
  client: ClientCapabilities = {};
  readonly #connection: Connection;
  readonly #session: Session;
  readonly #document: (uri: string) => TextDocument | undefined;
  readonly #annotations: AnnotationSender;
  #editTimer: NodeJS.Timeout | undefined;
  #refreshTimer: NodeJS.Timeout | undefined;

  /** document: the open document of a URI. */
  constructor(
    connection: Connection,
    session: Session,
    document: (uri: string) => TextDocument | undefined,
  ) {
    this.#connection = connection;
    this.#session = session;
    this.#document = document;
    this.#annotations = new AnnotationSender((file) => {
      void connection.sendNotification(annotationsNotification, file);
    });
  }

  /** Figures have changed, or are of another run. */
  publish(): void {
    this.#sendAnnotations();
    if (this.#refreshTimer) return;
    this.#refreshTimer = setTimeout(() => this.#refresh(), refreshDelayMs);
  }

  /** A document was edited. failed: called when the annotations cannot be computed. */
  followEdit(failed: (error: unknown) => void): void {
    clearTimeout(this.#editTimer);
    this.#editTimer = setTimeout(() => {
      try {
        this.#sendAnnotations();
      } catch (error) {
        failed(error);
      }
    }, editDelayMs);
  }

  #sendAnnotations(): void {
    this.#annotations.send(this.#session.context(), this.#document);
  }

  #refresh(): void {
    this.#refreshTimer = undefined;
    const { workspace } = this.client;
    const { codeLens, inlayHints } = this.#session.settings;
    if (workspace?.codeLens?.refreshSupport && codeLens) {
      void this.#connection.sendRequest('workspace/codeLens/refresh').catch(ignore);
    }
    if (workspace?.inlayHint?.refreshSupport && inlayHints) {
      void this.#connection.languages.inlayHint.refresh().catch(ignore);
    }
  }
}

/** A client that goes away before it has refreshed is not a failure. */
function ignore(): void {
  return undefined;
}
