import type { Person } from '../../domain/identity/person.ts';
import { findPerson } from '../../domain/mfa/change-person.ts';
import { accountNameOf, beginPasskeyEnrolment, enrolPasskey } from '../../domain/mfa/enrol-passkey.ts';
import { beginTotpEnrolment, enrolTotp } from '../../domain/mfa/enrol-totp.ts';
import type { Enrolled } from '../../domain/mfa/factor-deps.ts';
import { parseFactorName } from '../../domain/mfa/factor-name.ts';
import { renderQrSvg } from '../../protocols/totp/qr-svg.ts';
import { renderTotpUri } from '../../protocols/totp/totp-uri.ts';
import { seeOther, type PersonExchange } from '../page-exchange.ts';
import { returnPathOf } from '../return-path.ts';
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
import { parseMfaWish } from './mfa-wish.ts';

const NAME: Told = { problem: { kind: 'name' }, status: 400 };
/** The page of one's factors, where those who came by themselves come from. */
const HOME = '/mfa';

/** `GET /mfa/add`: choose what to enrol. */
export async function showAdd(exchange: PersonExchange, deps: MfaDeps): Promise<void> {
  const returnTo = returnToIn(queryOf(exchange));
  const person = await personWhoMayAdd(exchange, deps);
  if (person === undefined) return;
  const { surface, facts } = exchange;
  const { reason } = parseMfaWish(new URLSearchParams({ return_to: returnTo }), surface, facts.timeMs);
  const first = person.factors.length === 0;
  exchange.show('mfa-add', { reason, passkeysWork: deps.passkeys !== undefined, first, returnTo });
}

/** `GET /mfa/add/totp`. */
export async function showAddTotp(exchange: PersonExchange, deps: MfaDeps): Promise<void> {
  const query = queryOf(exchange);
  await askForTotp(exchange, { returnTo: returnToIn(query), told: problemIn(query) }, deps);
}

/** `POST /mfa/add/totp`: `code`, `name`, `return_to`. */
export async function addTotp(exchange: PersonExchange, deps: MfaDeps): Promise<void> {
  const form = await exchange.form();
  await enrol(exchange, form, {
    ask: (asked) => askForTotp(exchange, asked, deps),
    add: (name) => {
      const request = factorRequest(exchange, 'MfaEnrol', { method: 'totp' });
      return enrolTotp({ ...request, name, code: form.get('code') ?? '' }, deps);
    },
  });
}

/** `GET /mfa/add/passkey`. */
export async function showAddPasskey(exchange: PersonExchange, deps: MfaDeps): Promise<void> {
  const query = queryOf(exchange);
  await askForPasskey(exchange, { returnTo: returnToIn(query), told: problemIn(query) }, deps);
}

/** `POST /mfa/add/passkey`: `response` (JSON), `name`, `return_to`. */
export async function addPasskey(exchange: PersonExchange, deps: MfaDeps): Promise<void> {
  const form = await exchange.form();
  await enrol(exchange, form, {
    ask: (asked) => askForPasskey(exchange, asked, deps),
    add: (name) => {
      const request = factorRequest(exchange, 'MfaEnrol', { method: 'passkey' });
      return enrolPasskey({ ...request, name, response: form.get('response') ?? '' }, deps);
    },
  });
}

type Asked = { readonly returnTo: string; readonly told: Told | undefined };

type Enrolment = {
  /** Shows the page (again). */
  readonly ask: (asked: Asked) => Promise<void>;
  readonly add: (name: string) => Promise<Enrolled>;
};

async function enrol(
  exchange: PersonExchange,
  form: URLSearchParams,
  { ask, add }: Enrolment,
): Promise<void> {
  const returnTo = returnToIn(form);
  const name = parseFactorName(form.get('name') ?? '');
  if (name === undefined) {
    await ask({ returnTo, told: NAME });
    return;
  }
  try {
    goOn(exchange, await add(name), returnTo);
  } catch (error) {
    const told = refusalIn(error, exchange);
    if (told === undefined) throw error;
    await ask({ returnTo, told });
  }
}

// The codes are shown in the answer itself: nowhere are they kept to be shown by another request.
function goOn(exchange: PersonExchange, { opened, codes }: Enrolled, returnTo: string): void {
  const renewed = exchange.renew(opened);
  if (codes !== undefined) renewed.show('recovery-codes', { codes, returnTo });
  else seeOther(exchange.ctx, returnTo === HOME ? `${HOME}?done=added` : returnTo);
}

async function askForTotp(exchange: PersonExchange, { returnTo, told }: Asked, deps: MfaDeps): Promise<void> {
  const person = await personWhoMayAdd(exchange, deps);
  if (person === undefined) return;
  const { session, facts, surface } = exchange;
  const secret = await beginTotpEnrolment(session, facts.timeMs, deps);
  const uri = renderTotpUri({ issuer: surface.mfaIssuerName, account: accountNameOf(person), secret });
  const data = { qrSvg: renderQrSvg(uri), secret: secret.replace(/.{4}(?=.)/g, '$& '), uri, returnTo };
  exchange.show('mfa-add-totp', { ...data, ...problemPart(told) }, { status: told?.status ?? 200 });
}

async function askForPasskey(
  exchange: PersonExchange,
  { returnTo, told }: Asked,
  deps: MfaDeps,
): Promise<void> {
  const person = await personWhoMayAdd(exchange, deps);
  if (person === undefined) return;
  if (deps.passkeys === undefined) {
    // There the page says why.
    seeOther(exchange.ctx, withReturn('/mfa/add', returnTo));
    return;
  }
  const { session, facts } = exchange;
  const passkeyOptions = await beginPasskeyEnrolment({ session, person, nowMs: facts.timeMs }, deps);
  const data = { passkeyOptions, returnTo, ...problemPart(told) };
  exchange.show('mfa-add-passkey', data, { status: told?.status ?? 200 });
}

/** Who may add a factor now; `undefined`: they are on their way to what they must do first. */
async function personWhoMayAdd(exchange: PersonExchange, deps: MfaDeps): Promise<Person | undefined> {
  const person = await findPerson(exchange, deps);
  const step = await stepTowards({ kind: 'manage' }, exchange, person, deps);
  if (step.kind === 'done') return person;
  const { ctx } = exchange;
  const back = ctx.method === 'POST' ? ctx.path : ctx.url;
  const isOld = step.kind === 'sign-in-again';
  seeOther(ctx, isOld ? signInAgain(back) : withReturn('/mfa/verify?reason=manage', back));
  return undefined;
}

function queryOf({ ctx }: PersonExchange): URLSearchParams {
  return new URLSearchParams(ctx.querystring);
}

function returnToIn(parameters: URLSearchParams): string {
  const given = parameters.get('return_to');
  return given === null ? HOME : returnPathOf(given);
}
