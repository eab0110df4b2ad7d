/** A web server for a browser on this machine. */
import { once } from 'node:events';
import { createServer } from 'node:http';

/** @typedef {[type: string, body: Buffer | import('node:stream').Readable]} Answer */

/**
 * @param {(path: string) => Answer | undefined} answer
 * @returns {Promise<{url: string, close: () => Promise<void>}>}
 */
export async function serve(answer) {
  const server = createServer((request, response) => {
    const found = answer(new URL(request.url ?? '/', 'http://localhost').pathname);
    if (!found) {
      response.writeHead(404).end();
      return;
    }
    const [type, body] = found;
    response.setHeader('content-type', type);
    if (Buffer.isBuffer(body)) response.end(body);
    else body.pipe(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}/`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
