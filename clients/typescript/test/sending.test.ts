import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, unwrap } from '../src/index.js';
import { answering, json } from './stub.js';

const busy = { status: 503, headers: { 'Retry-After': '0' } };
const message = { schedule_id: '1234abcd-1234-abcd-5678-1234abcd5678', body: 'テキストメッセージ' };

test('nothing is repeated unless told', async (context) => {
  const { url, asked } = await answering(context, busy);
  await assert.rejects(connect(url).GET('/api/user'), { status: 503 });
  assert.equal(asked.length, 1);
});

test('a call is repeated as often as told, and no more', async (context) => {
  const { url, asked } = await answering(context, busy, busy, json([]));
  assert.deepEqual(await unwrap(connect(url, 'token', { retries: 2 }).GET('/api/user')), []);
  assert.equal(asked.length, 3);
  const { url: hopeless, asked: inVain } = await answering(context, busy);
  await assert.rejects(connect(hopeless, 'token', { retries: 2 }).GET('/api/user'), { status: 503 });
  assert.equal(inVain.length, 3);
});

test('it waits as Retry-After says', async (context) => {
  const { url } = await answering(context, { status: 429, headers: { 'Retry-After': '1' } }, json([]));
  const before = performance.now();
  await connect(url, 'token', { retries: 1 }).GET('/api/user');
  const waited = performance.now() - before;
  assert.ok(waited >= 995 && waited < 10_000, `${waited} ms`);
});

test('it waits a second for a gateway that does not say how long', async (context) => {
  const { url } = await answering(context, { status: 429, body: '{"message": "Too Many Requests"}' }, json([]));
  const before = performance.now();
  await connect(url, 'token', { retries: 1 }).GET('/api/user');
  assert.ok(performance.now() - before >= 995);
});

test('it does not wait for longer than told', async (context) => {
  const { url, asked } = await answering(context, { status: 429, headers: { 'Retry-After': '900' } });
  await assert.rejects(connect(url, 'token', { retries: 5 }).GET('/api/user'), { status: 429, retryAfter: 900 });
  assert.equal(asked.length, 1);
});

test('only 429 and 503 are repeated', async (context) => {
  for (const status of [400, 404, 409, 500, 502, 504]) {
    const { url, asked } = await answering(context, { status, headers: { 'Retry-After': '0' } });
    await assert.rejects(connect(url, 'token', { retries: 5 }).GET('/api/user'), { status });
    assert.equal(asked.length, 1);
  }
});

test('what may not be done twice is repeated only under a key', async (context) => {
  const { url, asked } = await answering(context, busy, busy, json({ ok: true }));
  const api = connect(url, 'token', { retries: 1 });
  await assert.rejects(api.POST('/api/chat', { body: message }), { status: 503 });
  assert.equal(asked.length, 1);
  await api.POST('/api/chat', { params: { header: { 'Idempotency-Key': 'once' } }, body: message });
  assert.equal(asked.length, 3);
  const { url: other, asked: changes } = await answering(context, busy);
  await assert.rejects(connect(other, 'token', { retries: 1 }).PATCH('/api/password', { body: { password: 'Password123' } }));
  assert.equal(changes.length, 1);
  await assert.rejects(connect(other, 'token', { retries: 1 }).DELETE('/api/user', { params: { query: { user_id: 15 } } }));
  assert.equal(changes.length, 3);
});

test('the waiting ends with its signal', async (context) => {
  const { url, asked } = await answering(context, { status: 503, headers: { 'Retry-After': '20' } });
  const call = connect(url, 'token', { retries: 1 }).GET('/api/user', { signal: AbortSignal.timeout(200) });
  await assert.rejects(call, { name: 'TimeoutError' });
  assert.equal(asked.length, 1);
});
