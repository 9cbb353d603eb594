import { Player } from '/assets/player.js';

const $ = (selector) => document.querySelector(selector);
/** The tenant that every local server has. */
const DEMO = { email: 'imageflux@example.com', password: 'Password123', access_code: '0987654321' };
const HLS = [{ durationSeconds: 1, startTimeOffset: -2, video: { width: 640, height: 360, fps: 15, bps: 500000 },
  audio: { bps: 64000 } }];

const player = new Player($('#player'));

async function call(method, path, body, token) {
  const headers = { ...(body && { 'content-type': 'application/json' }), ...(token && { authorization: `Bearer ${token}` }) };
  const response = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
  return { status: response.status, ok: response.ok, body: await response.json() };
}

/** Runs what a button says; what went wrong is shown below. */
async function attempt(work) {
  $('#message').textContent = '';
  try {
    await work();
  } catch (error) {
    $('#message').textContent = error.message;
  }
  await refresh();
}

function expectOk({ ok, status, body }) {
  if (ok) return body;
  throw new Error(`${status}: ${body.reason ?? body.detail ?? body.error ?? JSON.stringify(body)}`);
}

function watch(url) {
  $('#watch').elements.watch.value = url;
  history.replaceState(null, '', `?watch=${encodeURIComponent(url)}`);
  player.open(url);
}

$('#watch').addEventListener('submit', (event) => {
  event.preventDefault();
  watch(event.target.elements.watch.value);
});

$('#events').addEventListener('submit', (event) => {
  event.preventDefault();
  const { double, delay_ms, lose, swap } = event.target.elements;
  const mode = { double: double.valueAsNumber, delay_ms: delay_ms.valueAsNumber, lose: lose.valueAsNumber, swap: swap.checked };
  attempt(async () => expectOk(await call('POST', '/simulator/events', { mode })));
});

// Plans a broadcast, or takes the one that is there at this time, and prepares both sides of it.
$('#plan').addEventListener('click', () => attempt(async () => {
  const { token } = expectOk(await call('POST', '/api/login', DEMO));
  const planned = await call('POST', '/api/schedule', { name: 'スタジオ', start_datetime: japanTime(60), end_datetime: japanTime(3660),
    imageflux_params: HLS }, token);
  const id = planned.body.conflicts_with?.schedule_id ?? expectOk(planned).schedule_id;
  const delivery = expectOk(await call('GET', `/api/delivery?schedule_id=${id}`, undefined, token));
  await refresh();
  if (delivery.metadata) field(delivery.channel_id).value = JSON.stringify(delivery.metadata);
  const { body: view } = await call('GET', `/api/view?schedule_id=${id}`, undefined, token);
  if (view.watch_url) watch(view.watch_url);
}));

function japanTime(secondsFromNow) {
  const shifted = new Date(Date.now() + (9 * 3600 + secondsFromNow) * 1000);
  return shifted.toISOString().slice(0, 19).replaceAll('-', '/').replace('T', ' ');
}

const row = (channel) => document.getElementById(`channel-${channel}`);
const field = (channel) => row(channel).querySelector('input');

function newRow(channel) {
  const item = $('#channel').content.cloneNode(true).firstElementChild;
  item.id = `channel-${channel}`;
  item.querySelector('code').textContent = `${channel.slice(0, 12)}…`;
  item.querySelector('code').title = channel;
  for (const button of item.querySelectorAll('button')) {
    button.addEventListener('click', () => attempt(async () => {
      expectOk(await call('POST', `/simulator/${button.dataset.do}`, request(channel, button.dataset.do)));
    }));
  }
  return item;
}

/** What is no JSON is sent as a string, as a clumsy client would. The playlist takes its time, as the real one does. */
function request(channel_id, what) {
  const text = field(channel_id).value;
  if (what !== 'publish') return { channel_id };
  return { channel_id, playlist_after_ms: 1000, ...(text && { metadata: parsed(text) }) };
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

async function refresh() {
  const { body: channels } = await call('GET', '/simulator/channels');
  for (const item of [...$('#channels').children]) {
    if (!(item.id.slice('channel-'.length) in channels)) item.remove();
  }
  for (const [channel, connections] of Object.entries(channels)) {
    if (!row(channel)) $('#channels').append(newRow(channel));
    const publishers = connections.filter(({ role }) => role !== 'recvonly').length;
    row(channel).classList.toggle('on-air', publishers > 0);
    row(channel).querySelector('.people').textContent = publishers > 0 ? `● 配信中 ${publishers}` : '';
    for (const what of ['drop', 'reconnect', 'unpublish']) {
      row(channel).querySelector(`[data-do=${what}]`).disabled = connections.length === 0;
    }
  }
}

// A server that is being restarted is asked again.
setInterval(() => refresh().catch(() => {}), 1000);
await refresh();
const given = new URLSearchParams(location.search).get('watch');
if (given) watch(given);
