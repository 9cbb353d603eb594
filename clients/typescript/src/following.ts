import type { Client } from 'openapi-fetch';
import type { components, operations, paths } from './schema.js';
import { wait } from './sending.js';

type Answer<T> = { data?: T; response: Response };

/**
 * All rows of a list that is answered page by page, each page naming the next in its `Link` header:
 *
 *     for await (const row of rows((query) => api.GET('/api/schedule', { params: { query } }), { limit: 100 })) …
 */
export async function* rows<Row, Query extends object>(
  page: (query: Query) => Promise<Answer<Row[]>>,
  query: Query,
): AsyncGenerator<Row, void> {
  for (let next: Query | undefined = query; next !== undefined; ) {
    const { data, response }: Answer<Row[]> = await page(next);
    yield* data ?? [];
    next = nextQuery<Query>(response.headers.get('Link'));
  }
}

/** The parameters of the next page. Where the link leads is known: it is the same call. */
function nextQuery<Query>(link: string | null): Query | undefined {
  const target = /<([^>]*)>\s*;[^,]*\brel="?next"?/.exec(link ?? '')?.[1];
  if (target === undefined) return undefined;
  return Object.fromEntries(new URL(target, 'http://any.example').searchParams) as Query;
}

export type ScheduleQuery = NonNullable<operations['list_schedules']['parameters']['query']>;

/** All schedules, newest start first, `limit` of them at a time. */
export function schedules(api: Client<paths>, query: ScheduleQuery = {}): AsyncGenerator<components['schemas']['Schedule'], void> {
  return rows((next: ScheduleQuery) => api.GET('/api/schedule', { params: { query: next } }), query);
}

export type Reading = {
  /** A `next_cursor`, to read on from there. */
  after?: string;
  /** How many messages to ask for at a time. */
  limit?: number;
  /** `false`: end when there is nothing more for now. Otherwise it goes on until it is left. */
  keepAsking?: boolean;
  /** Ends the waiting. */
  signal?: AbortSignal;
};

export type ChatPage = components['schemas']['Chats'];

/**
 * The answers of the chat, one after the other, asked for no sooner than the API wants. Empty ones are left out.
 *
 * `deleted` names messages that were given before and are to be taken away.
 */
export async function* chatPages(
  api: Client<paths>,
  schedule_id: string,
  { after, limit, keepAsking = true, signal }: Reading = {},
): AsyncGenerator<ChatPage, void> {
  const fixed = { schedule_id, ...(limit === undefined ? {} : { limit }) };
  for (let cursor = after; ; ) {
    const query = cursor === undefined ? fixed : { ...fixed, after: cursor };
    const { data: page } = await api.GET('/api/chat', { params: { query }, ...(signal ? { signal } : {}) });
    if (page === undefined) return;
    if (page.chats.length > 0 || (page.deleted?.length ?? 0) > 0) yield page;
    cursor = page.next_cursor;
    const atOnce = page.has_more && page.chats.length > 0;
    if (!page.has_more && !keepAsking) return;
    if (!atOnce) await wait(page.poll_after_ms, signal);
  }
}

/** The messages of a broadcast, oldest first, each once. */
export async function* chatMessages(
  api: Client<paths>,
  schedule_id: string,
  reading: Reading = {},
): AsyncGenerator<components['schemas']['Chat'], void> {
  for await (const page of chatPages(api, schedule_id, reading)) yield* page.chats;
}

/** The messages that are to be shown, oldest first, each time they change: with those that came, without those deleted. */
export async function* chatAsItStands(
  api: Client<paths>,
  schedule_id: string,
  reading: Reading = {},
): AsyncGenerator<components['schemas']['Chat'][], void> {
  const standing = new Map<string, components['schemas']['Chat']>();
  for await (const page of chatPages(api, schedule_id, reading)) {
    for (const message of page.chats) standing.set(message.chat_id, message);
    for (const chat_id of page.deleted ?? []) standing.delete(chat_id);
    // Ids sort as the messages do, also one that came late.
    yield [...standing.values()].sort((one, other) => (one.chat_id < other.chat_id ? -1 : 1));
  }
}
