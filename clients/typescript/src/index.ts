import createClient, { type Client } from 'openapi-fetch';
import type { components, paths } from './schema.js';
import { type Patience, send } from './sending.js';

export type { components, operations, paths } from './schema.js';
export { type FieldError, type Problem, Refused } from './refused.js';
export { chatAsItStands, chatMessages, type ChatPage, chatPages, type Reading, rows, type ScheduleQuery, schedules } from './following.js';
export type { Patience } from './sending.js';
export type Schedule = components['schemas']['Schedule'];
export type User = components['schemas']['User'];
export type Chat = components['schemas']['Chat'];
export type Credentials = components['schemas']['LoginRequest'];
export type Api = Client<paths>;

/** A client that carries its token, once there is one. Its calls throw `Refused` unless they are answered as described. */
export function connect(baseUrl: string, token?: string, patience: Patience = {}): Api {
  const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  return createClient<paths>({ baseUrl, headers, fetch: (request) => send(request, patience) });
}

/** A client for somebody who is logged in. */
export async function logIn(baseUrl: string, credentials: Credentials, patience: Patience = {}): Promise<Api> {
  const { token } = await unwrap(connect(baseUrl).POST('/api/login', { body: credentials }));
  return connect(baseUrl, token, patience);
}

/** What a call answers; a call that is not answered has thrown before. */
export async function unwrap<T>(call: Promise<{ data?: T; response: Response }>): Promise<T> {
  return (await call).data as T;
}
