/** An HTTP answer before it is sent. */
export interface Answer {
  readonly status: number;
  readonly body: string | Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** An HTML error page like that of a proxy. */
export function html(status: number): Answer {
  return {
    status,
    headers: { 'content-type': 'text/html; charset=UTF-8' },
    body: `<!DOCTYPE html><html lang=en><title>Error ${status}</title><p><b>${status}.</b> That’s an error.</html>\n`,
  };
}

/** A JSON answer of the API, indented if `pretty` is set. */
export function json(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
  pretty = true,
): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=UTF-8', ...headers },
    body: `${JSON.stringify(body, undefined, pretty ? 2 : undefined)}\n`,
  };
}
