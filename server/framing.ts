/**
 * Checks that what a client sends over a stream are messages of the language server protocol: `Content-Length: N`, an empty
 * line, N bytes of JSON. A client that sends something else can neither be understood nor answered, and would wait for ever.
 */

/** Bytes of a header, at most. */
const mostHeader = 4096;
/** Bytes of a message, at most: no editor sends a larger text. */
const mostBody = 1 << 30;
/** How each line of a header begins. */
const lineStart = 'content-';

/** Follows one stream. */
export class Framing {
  #bytes: Buffer = Buffer.alloc(0);
  /** Length of the body that comes next; undefined while a header comes. */
  #body: number | undefined;
  /** Bytes of the messages before `#bytes`. */
  #position = 0;

  /** Takes the next bytes. Returns one sentence for the user when they are no message; undefined while nothing is wrong. */
  push(piece: Buffer): string | undefined {
    this.#bytes = this.#bytes.length === 0 ? piece : Buffer.concat([this.#bytes, piece]);
    for (;;) {
      const next = this.#body === undefined ? this.#header() : this.#json(this.#body);
      if (next !== 'more') {
        return next === undefined
          ? undefined
          : `The client sent something that is not a message of the language server protocol (${next}, byte ${this.#position}), so the server ends. Start it again.`;
      }
    }
  }

  /** Reads a header. 'more': it was complete, go on; undefined: it is not complete yet; otherwise what is wrong. */
  #header(): string | undefined {
    const end = this.#bytes.indexOf('\r\n\r\n');
    const text = this.#bytes.toString('latin1', 0, end < 0 ? mostHeader : end);
    if (!isBeginning(text)) return 'not a header';
    if (end < 0) return this.#bytes.length > mostHeader ? 'a header without end' : undefined;
    const length = /^content-length:\s*(\d+)\s*$/im.exec(text)?.[1];
    if (length === undefined || Number(length) > mostBody) return 'a header without a length';
    this.#take(end + 4);
    this.#body = Number(length);
    return 'more';
  }

  /** Reads a body, and returns the same. */
  #json(length: number): string | undefined {
    if (this.#bytes.length < length) return undefined;
    try {
      JSON.parse(this.#bytes.toString('utf8', 0, length));
    } catch {
      return 'not JSON';
    }
    this.#take(length);
    this.#body = undefined;
    return 'more';
  }

  #take(length: number): void {
    this.#bytes = this.#bytes.subarray(length);
    this.#position += length;
  }
}

/** Whether a header may begin with this text: the last line of it may be cut off anywhere. */
function isBeginning(text: string): boolean {
  return text
    .replace(/[\r\n]+$/, '')
    .split('\r\n')
    .every((line) => lineStart.startsWith(line.slice(0, lineStart.length).toLowerCase()));
}
