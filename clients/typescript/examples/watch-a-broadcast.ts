// One broadcast from its planning to its chat, on a local server: npm run example -- http://127.0.0.1:3000

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Chat, chatMessages, logIn, Refused, schedules, unwrap } from '../src/index.js';

const url = process.argv[2] ?? 'http://127.0.0.1:3000';
const master = { email: 'imageflux@example.com', password: 'Password123', access_code: '0987654321' };

const presenter = await logIn(url, master);
console.log('logged in');

// Two people plan at the same time, and one of them is told what stands in the way.
const body = {
  name: 'テスト配信',
  start_datetime: '2031/10/30 12:00:00',
  end_datetime: '2031/10/30 15:00:00',
  imageflux_params: [
    {
      durationSeconds: 1,
      startTimeOffset: -2,
      video: { width: 640, height: 480, fps: 12, bps: 2465792 },
      audio: { bps: 64000 },
    },
  ],
};
const { schedule_id } = await unwrap(presenter.POST('/api/schedule', { body }));
console.log(`planned ${body.name}`);
try {
  await unwrap(presenter.POST('/api/schedule', { body }));
  assert.fail('two broadcasts at the same time');
} catch (refused) {
  if (!(refused instanceof Refused)) throw refused;
  assert.equal(refused.code, 'schedule_overlap');
  assert.equal(refused.problem?.conflicts_with?.schedule_id, schedule_id);
  console.log(`not planned twice: ${refused.problem?.title}`);
}

for await (const { name, start_datetime } of schedules(presenter, { from: '2031/10/01 00:00:00', limit: 10 })) {
  console.log(`on the list: ${name}, ${start_datetime}`);
}

// A viewer of its own, who may do nothing but watch and chat.
const viewing = { email: `viewer-${schedule_id}@example.jp`, password: 'Password456' };
const permissions = { delivery: false, view: true, schedule: false, user: false };
await unwrap(presenter.POST('/api/user', { body: { name: '視聴者', ...viewing, ...permissions } }));
const viewer = await logIn(url, { ...viewing, access_code: master.access_code });
const query = { schedule_id };

/** Asks until somebody publishes. */
async function playlist(): Promise<string> {
  for (;;) {
    try {
      return (await unwrap(viewer.GET('/api/view', { params: { query } }))).playlist_url;
    } catch (refused) {
      if (!(refused instanceof Refused) || refused.code !== 'not_live') throw refused;
      console.log(`not live yet, asking again in ${refused.retryAfter} s`);
      await sleep(1000 * (refused.retryAfter ?? 1));
    }
  }
}

const watching = playlist();
await sleep(500);
const { channel_id, sora_url } = await unwrap(presenter.GET('/api/delivery', { params: { query } }));
console.log(`publishing to ${sora_url}`);
// Publishing is done with the Sora SDK; the local server's simulated ImageFlux is told to do as if.
const published = await fetch(`${url}/simulator/publish`, { method: 'POST', body: JSON.stringify({ channel_id }) });
assert.ok(published.ok);
console.log(`watching ${new URL(await watching).hostname}`);

/** Reads until so many messages are there. */
async function read(count: number): Promise<Chat[]> {
  const messages: Chat[] = [];
  for await (const message of chatMessages(viewer, schedule_id, { limit: 2 })) {
    messages.push(message);
    if (messages.length === count) break;
  }
  return messages;
}

const reading = read(3);
await unwrap(viewer.POST('/api/chat', { body: { ...query, body: 'こんにちは' } }));
// Sent twice under one key, as after a lost answer: it is one message.
const once = { header: { 'Idempotency-Key': `welcome-${schedule_id}` } };
for (let time = 0; time < 2; time += 1) {
  await unwrap(presenter.POST('/api/chat', { params: once, body: { ...query, body: 'ようこそ' } }));
}
await unwrap(viewer.POST('/api/chat', { body: { ...query, body: '聞こえます' } }));
const messages = await reading;
for (const { user_name, body } of messages) console.log(`${user_name}: ${body}`);
assert.deepEqual(messages.map(({ body }) => body), ['こんにちは', 'ようこそ', '聞こえます']);

await unwrap(presenter.DELETE('/api/schedule', { params: { query } }));
await unwrap(presenter.POST('/api/logout'));
console.log('cancelled, logged out');
