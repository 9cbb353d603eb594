import { parsed, Refused } from './refused.js';

export type Patience = {
  /**
   * How often a call is repeated that was answered 429 or 503. It waits as `Retry-After` says; without that header,
   * which the gateway does not send, 1 second, then 2, 4 and so on. Only calls that do the same thing twice without
   * harm are repeated: GET, DELETE, and any that has an `Idempotency-Key`.
   */
  retries?: number;
  /** A call that would have to wait for more seconds than this is not repeated. */
  longestWait?: number;
};

/** The answer, if it is one of the API's; otherwise throws `Refused`. */
export async function send(request: Request, { retries = 0, longestWait = 30 }: Patience): Promise<Response> {
  for (let repeated = 0; ; repeated += 1) {
    const response = await fetch(request.clone());
    const body = await response.text();
    if (response.ok && isWhole(response, body)) return new Response(body, response);
    const refused = new Refused(response, body);
    const seconds = refused.retryAfter ?? 2 ** repeated;
    if (repeated >= retries || seconds > longestWait || !mayRepeat(request, response)) throw refused;
    await wait(1000 * seconds, request.signal);
  }
}

/** A page of a proxy that asks for a log-in comes with status 200, too. */
function isWhole(response: Response, body: string): boolean {
  return parsed(body) !== undefined || /^text\/csv\b/.test(response.headers.get('Content-Type') ?? '');
}

function mayRepeat(request: Request, response: Response): boolean {
  const isBusy = response.status === 429 || response.status === 503;
  return isBusy && (['GET', 'DELETE'].includes(request.method) || request.headers.has('Idempotency-Key'));
}

/** Some time, unless the signal ends it before. */
export function wait(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}
