import type { components } from './schema.js';

export type Problem = components['schemas']['Problem'];
export type FieldError = NonNullable<Problem['errors']>[number];

/**
 * A call that was not answered as it should be: the API said no, or something before it did (a gateway, a proxy),
 * in whatever words.
 */
export class Refused extends Error {
  readonly status: number;
  /** What the API says, when it was the API that answered. */
  readonly problem: Problem | undefined;
  /** Stable, one of the codes in openapi.yaml. */
  readonly code: Problem['code'] | undefined;
  /** Names the request in the operator's log. */
  readonly requestId: string | undefined;
  /** The parameters that are wrong. */
  readonly errors: readonly FieldError[];
  /** After how many seconds to try again, if that may help. */
  readonly retryAfter: number | undefined;

  constructor(
    response: Response,
    /** The body as it came. */
    readonly body: string,
  ) {
    const problem = problemIn(body);
    super(problem ? `${response.status} ${problem.code}: ${problem.detail}` : inOtherWords(response, body));
    this.name = 'Refused';
    this.status = response.status;
    this.problem = problem;
    this.code = problem?.code;
    this.requestId =
      problem?.request_id ?? response.headers.get('X-Request-Id') ?? response.headers.get('Apigw-Requestid') ?? undefined;
    this.errors = problem?.errors ?? [];
    this.retryAfter = secondsUntil(response.headers.get('Retry-After'));
  }
}

/** The value that the text stands for in JSON, if any. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function problemIn(body: string): Problem | undefined {
  const value = parsed(body);
  if (typeof value !== 'object' || value === null) return undefined;
  const { code, detail } = value as Partial<Problem>;
  return typeof code === 'string' && typeof detail === 'string' ? (value as Problem) : undefined;
}

function inOtherWords(response: Response, body: string): string {
  const value = parsed(body) as { message?: unknown } | null | undefined;
  const words = typeof value?.message === 'string' ? value.message : response.ok ? 'the answer is not JSON' : '';
  return `${response.status} ${words || response.statusText || 'no reason given'}`;
}

/** `Retry-After` is a number of seconds, or a date (RFC 9110, section 10.2.3). */
function secondsUntil(header: string | null): number | undefined {
  if (header === null) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header);
  const milliseconds = Date.parse(header) - Date.now();
  return Number.isNaN(milliseconds) ? undefined : Math.max(0, Math.ceil(milliseconds / 1000));
}
