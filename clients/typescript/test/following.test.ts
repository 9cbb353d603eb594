import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatAsItStands, chatMessages, chatPages, connect, rows, schedules } from '../src/index.js';
import { answering, json } from './stub.js';

const schedule_id = '1234abcd-1234-abcd-5678-1234abcd5678';

function chat(ids: string[], next_cursor: string, has_more: boolean, poll_after_ms = 0) {
  return json({ ok: true, chats: ids.map((chat_id) => ({ chat_id })), next_cursor, has_more, poll_after_ms });
}

test('schedules of all pages come one after the other', async (context) => {
  const link = (cursor: string) => ({ Link: `</api/schedule?limit=2&from=2021%2F11%2F15+00%3A00%3A00&cursor=${cursor}>; rel="next"` });
  const pages = [['a', 'b'], ['c', 'd'], ['e']].map((ids) => ids.map((id) => ({ schedule_id: id })));
  const { url, asked } = await answering(context, json(pages[0], link('x%2By')), json(pages[1], link('z')), json(pages[2]));
  const ids: string[] = [];
  for await (const row of schedules(connect(url, 'token'), { limit: 2, from: '2021/11/15 00:00:00' })) ids.push(row.schedule_id);
  assert.deepEqual(ids, ['a', 'b', 'c', 'd', 'e']);
  assert.deepEqual(
    asked.map((line) => [...new URL(line.slice(4), url).searchParams].map(([name, value]) => `${name}=${value}`).sort().join(' ')),
    ['from=2021/11/15 00:00:00 limit=2', 'cursor=x+y from=2021/11/15 00:00:00 limit=2', 'cursor=z from=2021/11/15 00:00:00 limit=2'],
  );
});

test('a page is asked for when it is needed', async (context) => {
  const { url, asked } = await answering(context, json([{}, {}], { Link: '</api/schedule?cursor=x>; rel="next"' }));
  for await (const _ of schedules(connect(url, 'token'))) break;
  assert.equal(asked.length, 1);
});

test('a next page elsewhere gets no token of ours', async (context) => {
  const { url: elsewhere, asked: stolen } = await answering(context, json([]));
  const { url, asked } = await answering(context, json([{}], { Link: `<${elsewhere}/api/user?cursor=x>; rel=next` }), json([]));
  const api = connect(url, 'token');
  for await (const _ of rows((_query) => api.GET('/api/user'), {})) continue;
  assert.deepEqual([asked.length, stolen.length], [2, 0]);
});

test('another link is no next page', async (context) => {
  const { url, asked } = await answering(context, json([{}], { Link: '</api/schedule>; rel="first", </help>; rel="help"' }));
  for await (const _ of schedules(connect(url, 'token'))) continue;
  assert.equal(asked.length, 1);
});

test('messages are read on from the cursor, at once while there is more, else when the API wants', async (context) => {
  const answers = [chat(['1', '2'], 'A', true, 20_000), chat(['3'], 'B', false, 300), chat([], 'B', false, 300), chat(['4'], 'C', false)];
  const { url, asked } = await answering(context, ...answers);
  const ids: string[] = [];
  const before = performance.now();
  for await (const message of chatMessages(connect(url, 'token'), schedule_id, { limit: 2 })) {
    ids.push(message.chat_id);
    if (ids.length === 4) break;
  }
  const waited = performance.now() - before;
  assert.ok(waited >= 590 && waited < 15_000, `${waited} ms`);
  assert.deepEqual(ids, ['1', '2', '3', '4']);
  const query = `GET /api/chat?schedule_id=${schedule_id}&limit=2`;
  assert.deepEqual(asked, [query, `${query}&after=A`, `${query}&after=B`, `${query}&after=B`]);
});

test('what is to come in sight soon is waited for', async (context) => {
  const { url, asked } = await answering(context, chat([], 'A', true, 50), chat(['1'], 'B', false));
  const ids: string[] = [];
  for await (const { chat_id } of chatMessages(connect(url, 'token'), schedule_id, { keepAsking: false })) ids.push(chat_id);
  assert.deepEqual([ids, asked.length], [['1'], 2]);
});

test('pages tell where to read on', async (context) => {
  const { url, asked } = await answering(context, chat(['1'], 'A', true), chat(['2'], 'B', false));
  const cursors: string[] = [];
  for await (const page of chatPages(connect(url, 'token'), schedule_id, { after: 'Z', keepAsking: false })) cursors.push(page.next_cursor);
  assert.deepEqual(cursors, ['A', 'B']);
  assert.equal(asked[0], `GET /api/chat?schedule_id=${schedule_id}&after=Z`);
});

test('deleted messages are taken away, and one that came late is in its place', async (context) => {
  const gone = json({ ...JSON.parse(chat([], 'C', false, 0).body ?? ''), deleted: ['1'] });
  const { url } = await answering(context, chat(['1', '3'], 'A', true), chat(['2'], 'B', true), gone);
  const shown: string[][] = [];
  for await (const messages of chatAsItStands(connect(url, 'token'), schedule_id, { keepAsking: false })) {
    shown.push(messages.map(({ chat_id }) => chat_id));
  }
  assert.deepEqual(shown, [['1', '3'], ['1', '2', '3'], ['2', '3']]);
});

test('a refusal ends the reading, unless it is repeated', async (context) => {
  const busy = { status: 503, headers: { 'Retry-After': '0' } };
  const answers = [chat(['1'], 'A', false), busy, chat(['2'], 'B', false)];
  const { url } = await answering(context, ...answers);
  const first = chatMessages(connect(url, 'token'), schedule_id);
  assert.equal((await first.next()).value?.chat_id, '1');
  await assert.rejects(first.next(), { status: 503 });
  const { url: again } = await answering(context, ...answers);
  const second = chatMessages(connect(again, 'token', { retries: 1 }), schedule_id);
  assert.equal((await second.next()).value?.chat_id, '1');
  assert.equal((await second.next()).value?.chat_id, '2');
});

test('the waiting for messages ends with its signal', async (context) => {
  const { url } = await answering(context, chat([], 'A', false, 10_000));
  const reading = chatMessages(connect(url, 'token'), schedule_id, { signal: AbortSignal.timeout(200) });
  await assert.rejects(reading.next(), { name: 'TimeoutError' });
});
