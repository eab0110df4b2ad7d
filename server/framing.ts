/**
 * Whether what a client sends over a stream are messages of the language server protocol: `Content-Length: N`, an empty
 * line, N bytes of JSON. Whoever has lost the thread can neither be understood nor answered, and would wait for ever.
 */
const mostHeader = 4096;
/** No editor sends a text of more. */
const mostBody = 1 << 30;
const begin = 'content-';

/** Follows one stream. */
export class Framing {
  #bytes: Buffer = Buffer.alloc(0);
  /** Bytes of the body that is coming; undefined while a header is. */
  #body: number | undefined;
  #before = 0;

  /** Takes what has come. Returns what is wrong with it, as a sentence; undefined when nothing is so far. */
  push(piece: Buffer): string | undefined {
    this.#bytes = this.#bytes.length === 0 ? piece : Buffer.concat([this.#bytes, piece]);
    for (;;) {
      const next = this.#body === undefined ? this.#header() : this.#json(this.#body);
      if (next !== 'more') {
        return next === undefined
          ? undefined
          : `The client sent something that is not a message of the language server protocol (${next}, byte ${this.#before}), so the server ends. Start it again.`;
      }
    }
  }

  /** 'more': this part was complete; undefined: it is not yet; otherwise what is wrong. */
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
    this.#before += length;
  }
}

/** Headers begin with the same word, all two there are. */
function isBeginning(text: string): boolean {
  return text
    .replace(/[\r\n]+$/, '')
    .split('\r\n')
    .every((line) => begin.startsWith(line.slice(0, begin.length).toLowerCase()));
}
