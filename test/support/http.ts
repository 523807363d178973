/** An answer of a server, usually with a JSON body. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed body, or its text if it is not JSON. */
  readonly body: unknown;
}

/** Sends a request with a JSON body, and reads the answer. */
export async function call(
  method: string,
  url: string,
  body?: unknown,
  headers?: Record<string, string>,
): Promise<HttpAnswer> {
  const response = await fetch(url, {
    method,
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    // A text without a content type would be sent as text/plain, which the API refuses.
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** The value at a path of keys, for assertions on bodies. */
export function at(value: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>(
    (found, key) => (found instanceof Object ? (found as Record<string | number, unknown>)[key] : undefined),
    value,
  );
}
