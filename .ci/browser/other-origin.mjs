// node .ci/browser/other-origin.mjs PROGRAM
//
// The client in clients/browser, in a page of another origin than the API's. PROGRAM is the local server; it is started
// as a deployment is set up, with CORS_ORIGINS naming that one origin. CHROMIUM names another browser than /usr/bin/chromium.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const [program] = process.argv.slice(2);
const client = new URL('../../clients/browser/', import.meta.url);
const PAGE = `<!doctype html><meta charset="utf-8"><title>a page of somebody else</title>
<script type="module">Object.assign(window, await import('/all-calls.js'), { loaded: true });</script>`;

const pages = createServer(async ({ url }, response) => {
  const script = ['/api.js', '/all-calls.js'].includes(url) && (await readFile(new URL(`.${url}`, client)));
  response.writeHead(script || url === '/' ? 200 : 404, { 'Content-Type': script ? 'text/javascript' : 'text/html' });
  response.end(script || (url === '/' ? PAGE : ''));
});
await new Promise((resolve) => pages.listen(0, '127.0.0.1', resolve));
const { port } = pages.address();
// The same pages under two names, which makes them two origins.
const listed = `http://localhost:${port}`;
const unlisted = `http://127.0.0.1:${port}`;

const server = spawn(program, ['--listen', '127.0.0.1:0'], {
  env: { ...process.env, CORS_ORIGINS: `https://studio.example.jp,${listed}` },
  stdio: ['ignore', 'pipe', 'inherit'],
});
let browser;
try {
  const api = await ready(server);
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  });

  const { page, preflights } = await open(listed);
  await page.exposeFunction('publish', async (channel_id) => {
    const answer = await fetch(`${api}/simulator/publish`, { method: 'POST', body: JSON.stringify({ channel_id }) });
    assert.ok(answer.ok);
  });
  const headers = { 'Accept-Language': 'en', 'X-Trace-Of-The-Page': 'any header that a library adds' };
  const made = await page.evaluate(([url, all]) => window.allCalls(url, all, window.publish), [api, headers]);
  assert.equal(made.length, 15, made.join(', '));
  const asked = new Set(preflights.flatMap((names) => names.split(',')));
  for (const name of ['authorization', 'content-type', 'idempotency-key', 'x-trace-of-the-page']) assert.ok(asked.has(name), `${name} in a preflight`);

  const stranger = await open(unlisted);
  assert.equal(await stranger.page.evaluate((url) => window.canRead(url), api), false, 'an origin that is not listed reads');
  const friend = await open(listed);
  assert.equal(await friend.page.evaluate((url) => window.canRead(url), api), true, 'the origin that is listed reads nothing');
  console.log(`browser: ${made.length} calls from ${listed} with ${preflights.length} preflights; ${unlisted} reads nothing`);
} finally {
  await browser?.close();
  pages.closeAllConnections();
  pages.close();
  server.kill();
}

/** The address of the server, once it says it. */
async function ready(child) {
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /^ready on (\S+)/.exec(line)?.[1];
    if (url !== undefined) {
      child.stdout.resume();
      return url;
    }
  }
  throw new Error('the local server does not start');
}

/** A page, and the names of the headers that its preflights ask for. */
async function open(origin) {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const preflights = [];
  const session = await context.newCDPSession(page);
  await session.send('Network.enable');
  session.on('Network.requestWillBeSent', ({ request }) => {
    const names = Object.entries(request.headers).find(([name]) => name.toLowerCase() === 'access-control-request-headers');
    if (request.method === 'OPTIONS') preflights.push(names?.[1] ?? '');
  });
  await page.goto(origin);
  await page.waitForFunction(() => window.loaded);
  return { page, preflights };
}
