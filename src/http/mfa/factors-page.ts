import type { Context } from 'koa';
import { FederationError } from '../../domain/errors.ts';
import { removeFactor, renameFactor, renewRecoveryCodes } from '../../domain/mfa/change-factors.ts';
import { findPerson } from '../../domain/mfa/change-person.ts';
import { parseFactorName } from '../../domain/mfa/factor-name.ts';
import type { Factor } from '../../domain/mfa/factor.ts';
import { recoveryCodesLeft } from '../../domain/mfa/recovery-codes.ts';
import type { FactorRow, Pages } from '../page-data.ts';
import { seeOther, type PersonExchange } from '../page-exchange.ts';
import { returnPathOf } from '../return-path.ts';
import { factorRequest, type MfaDeps } from './mfa-page.ts';

const HOME = '/mfa';
/** 128 bits, base64url: nothing else was ever given out. */
const FACTOR_ID = /^[\w-]{22}$/;

/** `GET /mfa`: the person's factors. */
export async function showFactors(exchange: PersonExchange, deps: MfaDeps): Promise<void> {
  const { factors, recoveryCodes } = await findPerson(exchange, deps);
  const done = doneIn(new URLSearchParams(exchange.ctx.querystring).get('done'));
  exchange.show('factors', {
    factors: factors.map(rowOf),
    recoveryCodesLeft: recoveryCodesLeft(recoveryCodes),
    removable: factors.length > 1,
    ...(done === undefined ? {} : { done }),
  });
}

/** `POST /mfa/factors/{id}/rename`: `name`. A name that cannot be one leaves the old one. */
export async function rename(exchange: PersonExchange, deps: MfaDeps): Promise<void> {
  const form = await exchange.form();
  const factorId = factorIdIn(exchange.ctx);
  const name = parseFactorName(form.get('name') ?? '');
  if (name === undefined) {
    seeOther(exchange.ctx, HOME);
    return;
  }
  await renameFactor({ ...factorRequest(exchange, 'MfaRename', { factorId }), factorId, name }, deps);
  seeOther(exchange.ctx, `${HOME}?done=renamed`);
}

/** `POST /mfa/factors/{id}/remove`. */
export async function remove(exchange: PersonExchange, deps: MfaDeps): Promise<void> {
  await exchange.form();
  const factorId = factorIdIn(exchange.ctx);
  await removeFactor({ ...factorRequest(exchange, 'MfaRemove', { factorId }), factorId }, deps);
  seeOther(exchange.ctx, `${HOME}?done=removed`);
}

/** `POST /mfa/recovery-codes`: makes new ones and shows them in the answer, this once. */
export async function createCodes(exchange: PersonExchange, deps: MfaDeps): Promise<void> {
  await exchange.form();
  const codes = await renewRecoveryCodes(factorRequest(exchange, 'RecoveryCodesCreate'), deps);
  exchange.show('recovery-codes', { codes, returnTo: HOME });
}

/** `POST /mfa/recovery-codes/saved`: `return_to`. Whether they are saved is the person's word, so nothing hangs on it. */
export async function leaveCodes(exchange: PersonExchange): Promise<void> {
  const form = await exchange.form();
  seeOther(exchange.ctx, returnPathOf(form.get('return_to')));
}

/** What may be shown of a factor: no secret, no key. */
function rowOf({ id, kind, name, addedAtMs, lastUsedAtMs }: Factor): FactorRow {
  return { id, kind, name, addedAtMs, ...(lastUsedAtMs === undefined ? {} : { lastUsedAtMs }) };
}

function doneIn(text: string | null): Pages['factors']['done'] {
  return text === 'renamed' || text === 'removed' || text === 'added' ? text : undefined;
}

/** @throws FederationError `not-found` */
function factorIdIn(ctx: Context): string {
  const params: unknown = ctx['params'];
  const id = typeof params === 'object' && params !== null && 'id' in params ? params.id : undefined;
  if (typeof id === 'string' && FACTOR_ID.test(id)) return id;
  throw new FederationError('not-found', 'no id of a factor');
}
