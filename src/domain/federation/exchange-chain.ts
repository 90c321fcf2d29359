import type { Application } from '../application/application.ts';
import { FederationError } from '../errors.ts';
import type { Directory } from '../role/directory.ts';
import { MAX_CHAIN, type Actor, type OwnToken } from '../token/own-token.ts';
import { partyOf, type Party } from './exchange-party.ts';
import type { ExchangeSubject } from './exchange-subject.ts';

/** Who brings a token: nobody else's own token, or one service could use what another was sent. */
export function requireBearer(
  token: OwnToken | undefined,
  { clientId }: Application,
  directory: Directory,
): void {
  if (token === undefined) return;
  // An ID token is for its audience. An access token is its client's, and its service's, which it was sent to.
  const isBearer =
    token.kind === 'id-token'
      ? token.audience.includes(clientId)
      : token.clientId === clientId ||
        token.audience.some((audience) => directory.service(audience)?.clientId === clientId);
  if (!isBearer) throw new FederationError('client-unauthorized', 'the token was given to another client');
}

/**
 * What the new token was exchanged from, the first one first: one entry for each exchange.
 *
 * @param target the audience, or the role's ARN
 * @throws FederationError `exchange-loop` back to where the token has been, and after {@link MAX_CHAIN} exchanges
 */
export function viaOf(
  { token, subject, publicSubject }: Party,
  target: string,
  issuer: string,
): readonly string[] {
  const earlier = token?.via ?? [];
  // To stay where it is, with fewer scopes, is no way back.
  if (earlier.includes(target) && !token?.audience.includes(target)) throw loop(`back to ${target}`);
  const via = [...earlier, ...(token ? stopsOf(token, issuer) : [firstStop(subject) ?? publicSubject])];
  if (via.length > MAX_CHAIN) throw loop(`${via.length} exchanges`);
  return via;
}

// A token of userinfo alone is for the issuer itself.
function stopsOf({ audience }: OwnToken, issuer: string): readonly string[] {
  return audience.length > 0 ? audience : [issuer];
}

function firstStop(subject: Party['subject']): string | undefined {
  return 'identity' in subject ? subject.identity.audience : undefined;
}

/** Somebody who acts, and when what they brought ends (epoch milliseconds). */
export type Acting = { readonly act: Actor; readonly endsAtMs: number };

/**
 * The actors of the new token: who wants to act, then those who acted before.
 *
 * @throws FederationError `exchange-loop` for who acts already, is the subject, or would be one too many;
 *   `client-unauthorized`, `invalid-identity-token`
 * @see RFC 8693 4.1
 */
export function actingOf(
  actor: ExchangeSubject,
  {
    party,
    client,
    issuer,
    directory,
  }: {
    readonly party: Party;
    readonly client: Application;
    readonly issuer: string;
    readonly directory: Directory;
  },
): Acting {
  const token = 'token' in actor ? actor.token : undefined;
  requireBearer(token, client, directory);
  // Whoever acts for somebody else hands on nothing but their own doing.
  if (token?.act) throw new FederationError('invalid-identity-token', 'the actor token has an actor itself');
  const { act: self, publicSubject, endsAtMs } = actorOf(actor, issuer, directory);
  const earlier = party.token?.act;
  const chain = chainOf(earlier);
  if (publicSubject === party.publicSubject || chain.some((one) => isSame(one, self)))
    throw loop('acts already, or is the subject');
  if (chain.length + 1 > MAX_CHAIN) throw loop(`${chain.length + 1} actors`);
  return { act: { ...self, ...(earlier && { act: earlier }) }, endsAtMs };
}

function actorOf(
  actor: ExchangeSubject,
  issuer: string,
  directory: Directory,
): Acting & { readonly publicSubject: string } {
  if (actor.kind === 'application') {
    const { subject, expiresAtMs } = actor.token;
    return { act: { iss: issuer, sub: subject }, publicSubject: subject, endsAtMs: expiresAtMs };
  }
  const { publicSubject, endsAtMs } = partyOf(actor, directory);
  if (actor.kind === 'proof' && actor.identity.issuer === issuer)
    throw new FederationError('invalid-identity-token', 'an actor whom a provider names in our name');
  // Services shall see whom they know: a proof's own names, each beside its issuer so that none passes for ours.
  const act =
    actor.kind === 'proof'
      ? { iss: actor.identity.issuer, sub: actor.identity.subject }
      : { iss: issuer, sub: publicSubject };
  return { act, publicSubject, endsAtMs };
}

function chainOf(act: Actor | undefined): readonly Actor[] {
  return act ? [act, ...chainOf(act.act)] : [];
}

function isSame(one: Actor, other: Actor): boolean {
  return one.iss === other.iss && one.sub === other.sub;
}

/** Whether a token of ours is an access token of this audience. */
export function isAt(token: OwnToken | undefined, audience: string): token is OwnToken {
  return token?.kind === 'access-token' && token.audience.includes(audience);
}

function loop(reason: string): FederationError {
  return new FederationError('exchange-loop', reason);
}
