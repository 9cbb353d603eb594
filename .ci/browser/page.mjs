// node .ci/browser/page.mjs URL [PICTURE]
//
// What a newcomer does on the page at / of the local server: log in, plan a broadcast, read the answer.

import { readFileSync } from 'node:fs';
import assert from 'node:assert/strict';
import { launch } from './launch.mjs';

const [url, picture] = process.argv.slice(2);

const browser = await launch();

try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 2000 }, locale: 'ja-JP' });
  page.setDefaultTimeout(20_000);
  const elsewhere = [];
  const complaints = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !/^(data|blob):/.test(request.url())) elsewhere.push(request.url());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });

  await page.goto(url);
  await page.getByRole('heading', { name: 'ImageFlux Live Streaming APIオプション' }).waitFor();
  const shown = await page.locator('.opblock').count();
  const described = readFileSync(new URL('../../openapi.yaml', import.meta.url), 'utf8').match(/^ +operationId: /gm);
  assert.equal(shown, described.length, 'every call is on the page');

  /** Opens a call, sends what the description shows, and answers what came back. */
  const send = async (id, body) => {
    const call = page.locator(`.opblock[id$="-${id}"]`);
    await call.locator('.opblock-summary-control').click();
    if (body) await call.locator('textarea.body-param__text').fill(JSON.stringify(body, null, 2));
    await call.locator('button.execute').click();
    const answer = call.locator('.live-responses-table');
    await answer.waitFor();
    return {
      call,
      status: (await answer.locator('tbody .response-col_status').first().innerText()).trim().split(/\s/)[0],
      text: await answer.locator('.highlight-code').first().innerText(),
    };
  };

  const login = await send('login');
  assert.equal(login.status, '200', login.text);
  assert.match(login.text, /"token"/);

  const planned = await send('create_schedule', {
    name: 'テスト配信',
    start_datetime: '2030/10/30 12:00:00',
    end_datetime: '2030/10/30 15:00:00',
    imageflux_params: [{ durationSeconds: 1, startTimeOffset: -2, audio: { bps: 64000 } }],
  });
  assert.equal(planned.status, '200', planned.text);
  assert.match(planned.text, /"schedule_id"/);
  if (picture) {
    await planned.call.locator('.live-responses-table').scrollIntoViewIfNeeded();
    await page.evaluate((top) => scrollBy(0, top), (await planned.call.boundingBox()).y - 16);
    await page.screenshot({ path: picture });
  }

  const listed = await send('list_users');
  assert.equal(listed.status, '200', listed.text);
  assert.match(listed.text, /"is_master": true/);

  assert.deepEqual(elsewhere, [], 'the page asks nobody but its server');
  assert.deepEqual(complaints, [], 'the browser has nothing to complain about');
  console.log(`page: ${shown} calls shown; logged in, planned a broadcast, listed the users; 0 requests to elsewhere`);
} finally {
  await browser.close();
}
