// node .ci/browser/studio.mjs URL [FOLDER FOR PICTURES]
//
// A viewer at /studio of the local server: opens the broadcast before it begins, sees it begin, and sees it go on
// after the presenter's connection broke.

import assert from 'node:assert/strict';

import { launch } from './launch.mjs';

const [url, folder] = process.argv.slice(2);
/** How soon after a publication the picture must be there, in ms. */
const SOON = 8_000;

const browser = await launch();

try {
  const page = await browser.newPage({ viewport: { width: 1200, height: 620 }, locale: 'ja-JP', colorScheme: 'light' });
  page.setDefaultTimeout(20_000);
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // The browser writes down every 503 and 404; they are what is tried here.
    if (message.type() === 'error' && !/^Failed to load resource/.test(message.text())) complaints.push(message.text());
  });
  const picture = async (name) => folder && page.screenshot({ path: `${folder}/studio-${name}.png` });
  const player = page.locator('#player');
  const press = (name) => page.locator(`#channels [data-do=${name}]`).click();
  const reach = async (state, within) => {
    const since = Date.now();
    await page.locator(`#player[data-state=${state}]`).waitFor({ timeout: within });
    return Date.now() - since;
  };
  const time = () => page.locator('video').evaluate((video) => video.currentTime);
  const pixels = () =>
    page.locator('video').evaluate((video) => {
      const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 36 });
      const context = canvas.getContext('2d');
      context.drawImage(video, 0, 0, 64, 36);
      return [...context.getImageData(0, 0, 64, 36).data];
    });

  /** The time advances, and what is seen changes in more than a few places. */
  const assertMoves = async () => {
    const [before, seen] = [await time(), await pixels()];
    await page.waitForTimeout(1_500);
    assert.ok((await time()) > before + 0.5, `the time stands still at ${before}`);
    const now = await pixels();
    const changed = now.filter((value, at) => Math.abs(value - seen[at]) > 24).length;
    assert.ok(changed > 100, `the picture stands still: ${changed} of ${now.length} values changed`);
    return changed;
  };

  await page.goto(url);
  await page.getByRole('link', { name: 'スタジオ' }).click();
  await page.getByRole('heading', { name: 'スタジオ' }).waitFor();
  await page.locator('#plan').click();
  await page.locator('#channels li').waitFor();
  // The page asks `GET /api/view` and plays what that names.
  await page.waitForFunction(() => document.querySelector('[name=watch]').value !== '');
  const watched = new URL(await page.getByLabel('watch_url').inputValue());
  assert.equal(watched.origin, new URL(url).origin, 'it plays from the product itself');
  assert.match(watched.pathname, /^\/watch\/[\w-]+\.m3u8$/);
  await reach('waiting', 5_000);
  await page.waitForTimeout(3_000);
  assert.equal(await player.getAttribute('data-state'), 'waiting', 'it waits, whatever it is answered');
  await picture('waiting');

  await press('publish');
  const begun = await reach('playing', SOON);
  const first = await assertMoves();
  await picture('playing');

  // The clip comes round, which is where its time starts again.
  const before = await time();
  await page.waitForTimeout(13_000);
  assert.ok((await time()) > before + 10, 'the picture goes on over the end of the clip');

  await press('reconnect');
  await reach('interrupted', 15_000);
  const returned = await reach('playing', SOON);
  const second = await assertMoves();
  await picture('after-reconnect');

  await press('unpublish');
  await reach('interrupted', 15_000);
  await page.waitForTimeout(5_000);
  assert.equal(await player.getAttribute('data-state'), 'interrupted', 'it goes on waiting');
  await press('publish');
  await reach('playing', SOON + 8_000);
  await assertMoves();

  await page.getByLabel('重複').fill('2');
  await page.locator('#events button').click();
  await page.waitForFunction(async () => (await (await fetch('/simulator/events')).json()).mode.double === 2);

  assert.equal(await page.locator('#message').innerText(), '');
  assert.deepEqual(complaints, [], 'the browser has nothing to complain about');
  console.log(`studio: the picture moves ${begun} ms after the publication (${first} values changed), ` +
    `and ${returned} ms after the break was seen (${second})`);
} finally {
  await browser.close();
}
