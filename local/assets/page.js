'use strict';

const here = { url: location.origin, description: 'ローカルサーバー' };

/** The form would be filled in with these: a key that can be used once, dates at which nothing is planned. */
function withoutOptionalExamples(key, value) {
  if (value?.in === undefined || value.required) return value;
  const { example, ...rest } = value;
  return rest;
}

/** The description names the servers that everybody has; this page calls the one that it came from. */
function adapted(spec) {
  return { ...JSON.parse(JSON.stringify(spec), withoutOptionalExamples), servers: [here] };
}

const adapt = {
  statePlugins: { spec: { wrapActions: { updateJsonSpec: (update) => (spec) => update(adapted(spec)) } } },
};

/** Whoever logs in here need not copy the token into the lock. */
function keepToken(response) {
  if (response.ok && new URL(response.url).pathname === '/api/login') {
    page.preauthorizeApiKey('bearerAuth', JSON.parse(response.text).token);
  }
  return response;
}

const page = SwaggerUIBundle({
  url: '/openapi.yaml',
  dom_id: '#page',
  deepLinking: true,
  tryItOutEnabled: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
  plugins: [adapt],
  responseInterceptor: keepToken,
});
