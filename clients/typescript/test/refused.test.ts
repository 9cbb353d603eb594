import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, logIn, Refused, unwrap } from '../src/index.js';
import { answering, type Canned, json } from './stub.js';

async function refusal(url: string): Promise<Refused> {
  const outcome = await connect(url, 'token').GET('/api/schedule').catch((error: unknown) => error);
  assert.ok(outcome instanceof Refused, `${outcome}`);
  return outcome;
}

test('a problem is told with code, request id, fields and time to wait', async (context) => {
  const errors = [{ field: 'name', code: 'too_long', message: 'name は30文字までです' }];
  const problem = { ok: false, status: 422, code: 'invalid_parameters', title: 't', detail: 'd', request_id: 'r-1', errors };
  const headers = { 'Content-Type': 'application/problem+json', 'Retry-After': '7' };
  const { url } = await answering(context, { status: 422, headers, body: JSON.stringify(problem) });
  const refused = await refusal(url);
  assert.equal(refused.message, '422 invalid_parameters: d');
  assert.deepEqual(refused.problem, problem);
  const { status, code, requestId, retryAfter } = refused;
  assert.deepEqual({ status, code, requestId, retryAfter }, { status: 422, code: 'invalid_parameters', requestId: 'r-1', retryAfter: 7 });
  assert.deepEqual(refused.errors, errors);
});

const oddities: [string, Canned, string][] = [
  ['nothing', { status: 502 }, '502 Bad Gateway'],
  ['nothing, of declared length', { status: 500, headers: { 'Content-Length': '0' } }, '500 Internal Server Error'],
  ['a page', { status: 504, headers: { 'Content-Type': 'text/html' }, body: '<html>504</html>' }, '504 Gateway Timeout'],
  ['the words of the gateway', { status: 429, body: '{"message": "Too Many Requests"}' }, '429 Too Many Requests'],
  ['the older words of the gateway', { status: 403, body: '{"message":"Forbidden"}' }, '403 Forbidden'],
  ['null', { status: 500, body: 'null' }, '500 Internal Server Error'],
  ['text', { status: 503, body: '"busy"' }, '503 Service Unavailable'],
  ['a problem of somebody else', { status: 400, body: '{"code": 7, "detail": {}}' }, '400 Bad Request'],
  ['a page as a success', { status: 200, headers: { 'Content-Type': 'text/html' }, body: '<html>log in</html>' }, '200 the answer is not JSON'],
  ['nothing as a success', { status: 200 }, '200 the answer is not JSON'],
  ['no content', { status: 204 }, '204 the answer is not JSON'],
];
for (const [name, canned, message] of oddities) {
  test(`${name}: the status is told`, async (context) => {
    const { url } = await answering(context, canned);
    const refused = await refusal(url);
    assert.equal(refused.status, canned.status);
    assert.equal(refused.message, message);
    assert.equal(refused.body, canned.body ?? '');
    assert.deepEqual([refused.code, refused.problem, refused.requestId, refused.retryAfter], [undefined, undefined, undefined, undefined]);
    assert.deepEqual(refused.errors, []);
  });
}

test('the request id is read from headers when the body has none', async (context) => {
  for (const name of ['X-Request-Id', 'Apigw-Requestid']) {
    const { url } = await answering(context, { status: 503, headers: { [name]: 'r-2' } });
    assert.equal((await refusal(url)).requestId, 'r-2');
  }
});

test('the time to wait may be a date', async (context) => {
  const date = new Date(Date.now() + 60_000).toUTCString();
  const { url } = await answering(context, { status: 503, headers: { 'Retry-After': date } });
  const { retryAfter } = await refusal(url);
  assert.ok(retryAfter !== undefined && retryAfter >= 58 && retryAfter <= 60, `${retryAfter}`);
  for (const [header, seconds] of [['Thu, 01 Jan 1970 00:00:00 GMT', 0], ['soon', undefined]] as const) {
    const { url } = await answering(context, { status: 503, headers: { 'Retry-After': header } });
    assert.equal((await refusal(url)).retryAfter, seconds);
  }
});

test('a log-in that is refused tells why', async (context) => {
  const { url } = await answering(context, { status: 429, body: '{"message": "Too Many Requests"}' });
  const credentials = { email: 'imageflux@example.com', password: 'Password123', access_code: '0987654321' };
  await assert.rejects(logIn(url, credentials, { retries: 3 }), { name: 'Refused', status: 429 });
});

test('an answer is an answer, also a table of comma-separated values', async (context) => {
  const { url } = await answering(context, json([]), { headers: { 'Content-Type': 'text/csv; charset=utf-8' }, body: 'a,b\r\n' });
  const api = connect(url, 'token');
  assert.deepEqual(await unwrap(api.GET('/api/schedule')), []);
  assert.equal(await unwrap(api.GET('/api/schedule', { parseAs: 'text' })), 'a,b\r\n');
});
