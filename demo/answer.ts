/** What is sent back. */
export type Answer = {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
};

/** What was asked for, of one provider below its own address. */
export type Asked = {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly query: URLSearchParams;
  /** Empty where nothing was posted. */
  readonly form: URLSearchParams;
  /** The Authorization header, empty where there is none. */
  readonly authorization: string;
  /** The Cookie header, empty where there is none. */
  readonly cookie: string;
};

export function json(value: object, status = 200, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, type: 'application/json', body: JSON.stringify(value), headers };
}

export function html(body: string, status = 200): Answer {
  return { status, type: 'text/html; charset=utf-8', body };
}

export function xml(body: string): Answer {
  return { status: 200, type: 'application/samlmetadata+xml', body };
}

export function refusal(status: number, sentence: string): Answer {
  return { status, type: 'text/plain', body: `${sentence}\n` };
}

/** A post ends as a GET at another address. */
export function seeOther(location: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status: 303, type: 'text/plain', body: '', headers: { ...headers, location } };
}

/** These providers sign for anybody, so they answer nobody but this machine. Real ones compare with what was registered. */
export function isOfThisMachine(url: string): boolean {
  return /^http:\/\/(?:127\.0\.0\.1|localhost):\d{1,5}\/[\w./-]{0,200}$/.test(url);
}
