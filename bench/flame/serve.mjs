/** A web server for a browser on this machine. */
import { createServer } from 'node:http';

/**
 * @param {(path: string) => [type: string, body: Buffer | import('node:stream').Readable] | undefined} answer
 * @returns {Promise<{url: string, close: () => Promise<void>}>}
 */
export async function serve(answer) {
  const server = createServer((request, response) => {
    const found = answer(new URL(request.url, 'http://localhost').pathname);
    if (!found) {
      response.writeHead(404).end();
      return;
    }
    const [type, body] = found;
    response.setHeader('content-type', type);
    if (Buffer.isBuffer(body)) response.end(body);
    else body.pipe(response);
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    close: () =>
      new Promise((closed) => {
        server.closeAllConnections();
        server.close(closed);
      }),
  };
}
