import type { Context } from 'koa';
import type { RequestFacts } from '../../domain/federation/request-facts.ts';
import { SESSION_COOKIE_NAME } from './provider-configuration.ts';

/** Of what came, the headers that the library has a use for. */
const PASSED_ON = [
  'authorization',
  'dpop',
  'origin',
  'access-control-request-method',
  'access-control-request-headers',
];

export type InnerHeadersInput = {
  readonly ctx: Context;
  readonly facts: RequestFacts;
  /** Our origin. */
  readonly issuer: string;
  readonly body: string;
};

/** Headers for the library. Host and client address are ours to say: it makes its own addresses of them. */
export function headersForProgram({ ctx, facts, issuer, body }: InnerHeadersInput): Record<string, string> {
  const passed = PASSED_ON.flatMap((name) => (ctx.get(name) === '' ? [] : [[name, ctx.get(name)] as const]));
  const { host, protocol } = new URL(issuer);
  return {
    ...Object.fromEntries(passed),
    host,
    'x-forwarded-proto': protocol.slice(0, -1),
    'x-forwarded-for': facts.sourceIp,
    'user-agent': facts.userAgent,
    accept: 'application/json',
    ...(body === ''
      ? {}
      : {
          'content-type': 'application/x-www-form-urlencoded',
          'content-length': String(Buffer.byteLength(body)),
        }),
  };
}

/** As {@link headersForProgram}, with the browser's cookies, and the sign-in as the library's session. */
export function headersForBrowser(
  input: InnerHeadersInput,
  signInId: string | undefined,
): Record<string, string> {
  const headers = headersForProgram(input);
  const cookies = input.ctx
    .get('cookie')
    .split(';')
    .map((pair) => pair.trim())
    // Whoever could bring one would be whom it names.
    .filter((pair) => pair !== '' && !pair.startsWith(`${SESSION_COOKIE_NAME}=`));
  const session = signInId === undefined ? [] : [`${SESSION_COOKIE_NAME}=${signInId}`];
  // A proxy's own password for its pages would be one of a client's here.
  delete headers['authorization'];
  return { ...headers, accept: 'text/html', cookie: [...cookies, ...session].join('; ') };
}
