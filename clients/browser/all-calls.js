// All fifteen calls from a page of another origin than the API's.

import { Api, ApiError } from './api.js';

const master = { email: 'imageflux@example.com', password: 'Password123', access_code: '0987654321' };
const permissions = { delivery: false, view: true, schedule: false, user: false };
const imageflux_params = [{ durationSeconds: 1, startTimeOffset: -2, audio: { bps: 64000 } }];

/**
 * Makes the calls, with these headers on each, and answers how many it made. `publish` makes somebody publish to a channel.
 */
export async function allCalls(url, headers, publish) {
  const made = new Set();
  const api = new Api(url, headers);

  const answerOf = (who) => async (method, path, parameters, more) => {
    const { answer, headers: received } = await who.call(method, path, parameters, more);
    check(/^[0-9a-f-]{36}$/.test(received.get('X-Request-Id')), `X-Request-Id can be read after ${method} ${path}`);
    made.add(`${method} ${path}`);
    return answer;
  };
  const call = answerOf(api);

  check((await api.logIn(master)).expires_at.length === 19, 'the log-in tells until when it is good');
  made.add('POST /api/login');

  const plan = (name, hour) => ({
    name,
    start_datetime: `2031/10/30 ${hour}:00:00`,
    end_datetime: `2031/10/30 ${hour}:59:59`,
    imageflux_params,
  });
  const key = { 'Idempotency-Key': 'from a page' };
  const { schedule_id } = await call('POST', '/api/schedule', plan('テスト配信', 12), key);
  const again = await call('POST', '/api/schedule', plan('テスト配信', 12), key);
  check(again.schedule_id === schedule_id, 'the Idempotency-Key came through');
  await call('POST', '/api/schedule', plan('その次', 14), { 'Idempotency-Key': 'from a page, too' });
  const { imageflux_params: _, ...moved } = plan('移動した配信', 13);
  await call('PATCH', '/api/schedule', { schedule_id, ...moved });

  const first = await api.call('GET', '/api/schedule', { limit: 1 });
  made.add('GET /api/schedule');
  const link = /^<([^>]+)>; rel="next"$/.exec(first.headers.get('Link'))?.[1];
  check(link !== undefined, 'Link can be read');
  const [second] = await call('GET', '/api/schedule', Object.fromEntries(new URLSearchParams(link.split('?')[1])));
  check(second.schedule_id === schedule_id && second.start_datetime === '2031-10-30T13:00:00', 'Link leads to the next page');

  const { channel_id, sora_url } = await call('GET', '/api/delivery', { schedule_id });
  check(sora_url.startsWith('wss://'), 'a presenter is told where to publish');
  const early = await refusal(() => api.call('GET', '/api/view', { schedule_id }));
  check(early.status === 404 && early.problem.code === 'not_live', 'nobody publishes yet');
  check(Number(early.headers.get('Retry-After')) >= 1, 'Retry-After can be read');
  check(early.headers.get('X-Request-Id') === early.problem.request_id, 'X-Request-Id can be read after a refusal');
  await publish(channel_id);
  const { playlist_url } = await call('GET', '/api/view', { schedule_id });
  check(playlist_url.endsWith('.m3u8'), 'a viewer is told what to watch');

  const person = { name: '視聴者', email: 'page@example.com', password: 'Password456' };
  const { user_id } = await call('POST', '/api/user', { ...person, ...permissions }, { 'Idempotency-Key': 'a user' });
  await call('PATCH', '/api/user', { user_id, name: '新しい名前' });
  const users = await call('GET', '/api/user');
  check(users.some((user) => user.user_id === user_id && user.name === '新しい名前'), 'the user is on the list');

  const viewer = new Api(url, headers);
  await viewer.logIn({ ...person, access_code: master.access_code });
  await answerOf(viewer)('PATCH', '/api/password', { password: 'Password789' });
  await answerOf(viewer)('POST', '/api/chat', { schedule_id, body: 'こんにちは' }, { 'Idempotency-Key': 'a message' });
  const { chats } = await call('GET', '/api/chat', { schedule_id });
  check(chats.length === 1 && chats[0].body === 'こんにちは', 'the message is there');
  await call('PATCH', '/api/access-code', { access_code: '1234567890' });

  await call('DELETE', '/api/user', { user_id });
  const gone = await refusal(() => viewer.call('GET', '/api/schedule'));
  check(gone.problem?.code === 'unauthenticated', 'a refusal for want of a token can be read');
  await call('DELETE', '/api/schedule', { schedule_id });
  return [...made];
}

/** Whether a page of this origin can read anything of the API, with or without a preflight. */
export async function canRead(url) {
  const attempts = [
    () => fetch(`${url}/api/health`),
    () => new Api(url).logIn(master),
    () => new Api(url, { Authorization: 'Bearer none' }).call('GET', '/api/schedule'),
  ];
  const outcomes = await Promise.allSettled(attempts.map((attempt) => attempt()));
  // What fetch throws when an answer must not be read. A refusal by the API would have been read.
  return outcomes.some(({ status, reason }) => status === 'fulfilled' || !(reason instanceof TypeError));
}

async function refusal(call) {
  const outcome = await call().catch((error) => error);
  check(outcome instanceof ApiError, `refused, not ${outcome}`);
  return outcome;
}

function check(holds, what) {
  if (!holds) throw new Error(`does not hold: ${what}`);
}
