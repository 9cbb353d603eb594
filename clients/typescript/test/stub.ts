import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

export type Canned = { status?: number; headers?: Record<string, string>; body?: string };

/** A server that gives these answers, one after the other and the last one again and again, and keeps what it was asked. */
export async function answering(context: TestContext, ...answers: Canned[]): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    request.resume();
    const { status = 200, headers = {}, body = '' } = answers[Math.min(asked.length, answers.length - 1)] ?? {};
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(status, headers).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

export function json(value: unknown, headers: Record<string, string> = {}): Canned {
  return { headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(value) };
}
