// Runs functions sent by the journeys inside the extension host, over a port on this machine only.
import { renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as vscode from 'vscode';

type Question = (api: typeof vscode, argument: unknown) => unknown;

export function activate(context: vscode.ExtensionContext): void {
  const portFile = process.env['LINEHEAT_COMPANION_PORT_FILE'];
  if (!portFile) return;
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      answer(Buffer.concat(parts).toString())
        .then((value) => ({ value: value ?? null }))
        .catch((error: unknown) => ({ error: describe(error) }))
        .then((reply) => response.end(JSON.stringify(reply)));
    });
  });
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    // Renamed into place so that nobody reads half of it.
    writeFileSync(`${portFile}.new`, JSON.stringify({ port, pid: process.pid }));
    renameSync(`${portFile}.new`, portFile);
  });
  context.subscriptions.push({ dispose: () => server.close() });
}

async function answer(text: string): Promise<unknown> {
  const { body, argument } = JSON.parse(text) as { body: string; argument: unknown };
  const question = new Function(`return (${body});`)() as Question;
  return await question(vscode, argument);
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
