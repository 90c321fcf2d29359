import type { Person } from '../../domain/identity/person.ts';
import { locked } from '../../domain/mfa/attempt-limit.ts';
import { findPerson } from '../../domain/mfa/change-person.ts';
import type { MfaMethod } from '../../domain/mfa/factor.ts';
import { proveCode } from '../../domain/mfa/prove-code.ts';
import { beginPasskeyProof, provePasskey } from '../../domain/mfa/prove-passkey.ts';
import type { OpenedSession } from '../../domain/session/browser-sessions.ts';
import { seeOther, type PersonExchange } from '../page-exchange.ts';
import {
  factorRequest,
  problemIn,
  problemPart,
  refusalIn,
  signInAgain,
  stepTowards,
  withReturn,
  type MfaDeps,
  type Told,
} from './mfa-page.ts';
import { parseMfaWish, type MfaWish } from './mfa-wish.ts';

/** `GET /mfa/verify`: asks for a second factor, unless one was proved for this purpose or there is none yet. */
export async function showVerify(exchange: PersonExchange, deps: MfaDeps): Promise<void> {
  const query = new URLSearchParams(exchange.ctx.querystring);
  const wish = parseMfaWish(query, exchange.surface, exchange.facts.timeMs);
  await answerWish(exchange, { wish, told: problemIn(query) }, deps);
}

/** `POST /mfa/verify`: `method` with `code` or `response`, `return_to`. */
export async function verifyFactor(exchange: PersonExchange, deps: MfaDeps): Promise<void> {
  const form = await exchange.form();
  const wish = parseMfaWish(form, exchange.surface, exchange.facts.timeMs);
  try {
    exchange.renew(await prove(exchange, form, deps));
    seeOther(exchange.ctx, wish.returnTo);
  } catch (error) {
    const told = refusalIn(error, exchange);
    if (told === undefined) throw error;
    await answerWish(exchange, { wish, told }, deps);
  }
}

function prove(exchange: PersonExchange, form: URLSearchParams, deps: MfaDeps): Promise<OpenedSession> {
  const given = form.get('method');
  const method = given === 'passkey' || given === 'recovery-code' ? given : 'totp';
  const request = factorRequest(exchange, 'MfaVerify', { method });
  if (method === 'passkey') return provePasskey({ ...request, response: form.get('response') ?? '' }, deps);
  return proveCode({ ...request, method, code: form.get('code') ?? '' }, deps);
}

type Asked = { readonly wish: MfaWish; readonly told: Told | undefined };

async function answerWish(exchange: PersonExchange, asked: Asked, deps: MfaDeps): Promise<void> {
  const { wish } = asked;
  const person = await findPerson(exchange, deps);
  const step = await stepTowards(wish.goal, exchange, person, deps);
  switch (step.kind) {
    case 'done':
      seeOther(exchange.ctx, wish.returnTo);
      return;
    case 'sign-in-again':
      seeOther(exchange.ctx, signInAgain(withReturn('/mfa/add', wish.returnTo)));
      return;
    case 'add-first':
      seeOther(exchange.ctx, withReturn('/mfa/add', wish.returnTo));
      return;
    case 'locked':
      throw locked(step.untilMs, exchange.facts.timeMs);
    case 'verify':
      await askFor(exchange, { ...asked, person, methods: step.methods }, deps);
  }
}

type Asking = Asked & { readonly person: Person; readonly methods: readonly [MfaMethod, ...MfaMethod[]] };

async function askFor(
  exchange: PersonExchange,
  { wish, told, person, methods }: Asking,
  deps: MfaDeps,
): Promise<void> {
  const method = methods.find((one) => one === wish.method) ?? methods[0];
  const { session, facts } = exchange;
  const begun =
    method === 'passkey'
      ? { passkeyOptions: await beginPasskeyProof({ session, person, nowMs: facts.timeMs }, deps) }
      : {};
  const { reason, returnTo } = wish;
  const data = { method, methods, reason, returnTo, ...begun, ...problemPart(told) };
  exchange.show('mfa-verify', data, { status: told?.status ?? 200 });
}
