import createClient, { type Client } from 'openapi-fetch';
import type { components, paths } from './schema.js';

export type { components, operations, paths } from './schema.js';
export type Problem = components['schemas']['Problem'];
export type Schedule = components['schemas']['Schedule'];
export type User = components['schemas']['User'];
export type Chat = components['schemas']['Chat'];

/** The API said no. `problem.code` is stable, and says why. */
export class Refused extends Error {
  constructor(
    readonly problem: Problem,
    /** After how many seconds to try again, if that may help. */
    readonly retryAfter: number | undefined,
  ) {
    super(`${problem.status} ${problem.code}: ${problem.detail}`);
    this.name = 'Refused';
  }
}

/** The answer to a call, unless it was refused. */
export async function unwrap<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await call;
  if (response.ok && data !== undefined) return data;
  const seconds = Number(response.headers.get('Retry-After') ?? Number.NaN);
  throw new Refused(error as Problem, Number.isNaN(seconds) ? undefined : seconds);
}

export type Credentials = components['schemas']['LoginRequest'];
export type Api = Client<paths>;

/** A client that carries its token, once there is one. */
export function connect(baseUrl: string, token?: string): Api {
  const api = createClient<paths>({ baseUrl });
  api.use({
    onRequest({ request }) {
      if (token !== undefined) request.headers.set('Authorization', `Bearer ${token}`);
      return request;
    },
  });
  return api;
}

/** A client for somebody who is logged in. */
export async function logIn(baseUrl: string, credentials: Credentials): Promise<Api> {
  const { token } = await unwrap(connect(baseUrl).POST('/api/login', { body: credentials }));
  return connect(baseUrl, token);
}
