// A client for a page: fetch, and nothing else.

/** The API said no. */
export class ApiError extends Error {
  constructor(response, problem) {
    super(`${response.status} ${problem?.code ?? ''}`);
    this.status = response.status;
    this.problem = problem;
    this.headers = response.headers;
  }
}

export class Api {
  #url;
  #headers;

  /** The headers go with every call. */
  constructor(url, headers = {}) {
    this.#url = url;
    this.#headers = headers;
  }

  async logIn(credentials) {
    const { answer } = await this.call('POST', '/api/login', credentials);
    this.#headers = { ...this.#headers, Authorization: `Bearer ${answer.token}` };
    return answer;
  }

  /** Parameters go into the query of GET and DELETE, and into the body of POST and PATCH. */
  async call(method, path, parameters = {}, headers = {}) {
    const inQuery = method === 'GET' || method === 'DELETE';
    const query = inQuery && Object.keys(parameters).length > 0 ? `?${new URLSearchParams(parameters)}` : '';
    const response = await fetch(`${this.#url}${path}${query}`, {
      method,
      headers: { ...(inQuery ? {} : { 'Content-Type': 'application/json' }), ...this.#headers, ...headers },
      body: inQuery ? undefined : JSON.stringify(parameters),
    });
    const answer = await response.json().catch(() => undefined);
    if (!response.ok || answer === undefined) throw new ApiError(response, answer);
    return { answer, headers: response.headers };
  }
}
