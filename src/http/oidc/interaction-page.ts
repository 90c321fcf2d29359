import type Provider from 'oidc-provider';
import type { InteractionResults } from 'oidc-provider';
import { FederationError } from '../../domain/errors.ts';
import { recordAllowed } from '../../domain/federation/audited.ts';
import { publicSubjectOf } from '../../domain/identity/person.ts';
import { authenticationOf } from '../../domain/session/authentication.ts';
import { seeOther, showError, type PageExchange, type PersonExchange } from '../page-exchange.ts';
import { wishesOf } from './asked-wishes.ts';
import { findInteraction, scopeOf, type BrowserDeps } from './browser-endpoint.ts';
import { beganOf } from './interaction-policy.ts';
import { interactionStep, type InteractionStep } from './interaction-step.ts';
import { oidcDraft } from './oidc-draft.ts';
import { formTargetsOf } from './provider-pages.ts';
import { inScope } from './provider-scope.ts';

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;
type Found = { readonly provider: Provider; readonly interaction: Interaction };

/** `GET /oidc/interaction/{uid}` of somebody who is not signed in: leads to the sign-in, and back. */
export async function leadToSignIn(exchange: PageExchange, deps: BrowserDeps): Promise<void> {
  const found = await findInteraction(exchange, deps);
  if (found === undefined) {
    showExpired(exchange);
    return;
  }
  const { login_hint: hint } = found.interaction.params;
  const query = new URLSearchParams({ return_to: exchange.ctx.path });
  if (typeof hint === 'string') query.set('login_hint', hint);
  seeOther(exchange.ctx, `/signin?${query.toString()}`);
}

/** `GET /oidc/interaction/{uid}`: does what the application waits for, and goes on. */
export async function showInteraction(exchange: PersonExchange, deps: BrowserDeps): Promise<void> {
  const found = await findInteraction(exchange, deps);
  if (found === undefined) showExpired(exchange);
  else await takeStep(exchange, { ...found, step: stepOf(exchange, found) }, deps);
}

/** `POST /oidc/interaction/{uid}`: what the person answered. */
export async function answerConsent(exchange: PersonExchange, deps: BrowserDeps): Promise<void> {
  const form = await exchange.form();
  const found = await findInteraction(exchange, deps);
  if (found === undefined) {
    showExpired(exchange);
    return;
  }
  const step = stepOf(exchange, found);
  if (step.kind !== 'consent') {
    await takeStep(exchange, { ...found, step }, deps);
    return;
  }
  const isAllowed = form.get('answer') === 'allow';
  const draft = await oidcDraft(
    isAllowed ? 'AllowApplication' : 'DenyApplication',
    found.interaction.params,
    scopeOf(exchange),
  );
  await recordAllowed(draft, null, deps);
  if (isAllowed) await grant(exchange, found);
  else await finish(exchange, found, { error: 'access_denied', error_description: 'the person denied it' });
}

function stepOf({ session, surface, facts }: PersonExchange, { interaction }: Found): InteractionStep {
  const { mfaRequired } = surface;
  const { params, prompt } = interaction;
  return interactionStep(
    { began: beganOf(interaction), params, prompt },
    { session, mfaRequired, nowMs: facts.timeMs },
  );
}

type Taking = Found & { readonly step: InteractionStep };

async function takeStep(
  exchange: PersonExchange,
  { step, ...found }: Taking,
  deps: BrowserDeps,
): Promise<void> {
  const { ctx, provider } = exchange;
  const back = encodeURIComponent(ctx.path);
  switch (step.kind) {
    case 'sign-in': {
      const name = encodeURIComponent(provider.provider.name);
      seeOther(ctx, `/signin/${name}?prompt=${step.prompt}&return_to=${back}`);
      return;
    }
    case 'second-factor':
      seeOther(ctx, `/mfa/verify?since=${step.sinceMs}&return_to=${back}`);
      return;
    case 'consent':
      await consent(exchange, found, deps);
      return;
    case 'signed-in':
      await finish(exchange, found, resultOf(exchange, found));
      return;
    case 'refused':
      await finish(exchange, found, { error: step.error });
  }
}

// `login` says that the person did what was asked, and the other prompts that they are answered.
function resultOf({ session }: PersonExchange, { interaction: { prompt } }: Found): InteractionResults {
  const { auth_time: ts, acr, amr } = authenticationOf(session);
  const accountId = publicSubjectOf(session.signIn.identity);
  return {
    login: { accountId, ts, acr, ...(amr && { amr: [...amr] }) },
    ...(prompt.name === 'login' ? {} : { [prompt.name]: {} }),
    ...(prompt.name === 'mfa' ? { mfa: {} } : {}),
  };
}

async function consent(exchange: PersonExchange, found: Found, deps: BrowserDeps): Promise<void> {
  const { params } = found.interaction;
  const application = deps.directory.application(String(params['client_id']));
  if (application === undefined) {
    showExpired(exchange);
    return;
  }
  // Of a device it was told, and allowed, on the page of its code: there is nowhere to be taken to.
  if (application.firstParty || found.interaction.deviceCode !== undefined) {
    await grant(exchange, found);
    return;
  }
  const redirectUri = typeof params['redirect_uri'] === 'string' ? params['redirect_uri'] : undefined;
  exchange.show(
    'consent',
    {
      application: application.displayName,
      redirectOrigin: originOf(redirectUri),
      ...wishesOf(params, application.clientId, deps),
    },
    redirectUri === undefined ? {} : { formTargets: formTargetsOf(redirectUri) },
  );
}

/** Of an app's own scheme there is no origin: the scheme names it. */
function originOf(redirectUri: string | undefined): string {
  const url = URL.parse(redirectUri ?? '');
  if (url === null) return '';
  return url.origin === 'null' ? url.protocol : url.origin;
}

/** Grants what was asked, no more. */
async function grant(exchange: PersonExchange, found: Found): Promise<void> {
  const { interaction } = found;
  const grantId = await inScope(scopeOf(exchange), async () => {
    const granted = await grantOf(exchange, found);
    const { missingOIDCScope, missingOIDCClaims, missingResourceScopes } = interaction.prompt.details;
    if (isTexts(missingOIDCScope)) granted.addOIDCScope(missingOIDCScope.join(' '));
    if (isTexts(missingOIDCClaims)) granted.addOIDCClaims([...missingOIDCClaims]);
    for (const [audience, scopes] of Object.entries({ ...asRecord(missingResourceScopes) }))
      if (isTexts(scopes)) granted.addResourceScope(audience, scopes.join(' '));
    return granted.save();
  });
  await finish(exchange, found, { consent: { grantId } });
}

async function grantOf({ session }: PersonExchange, { provider, interaction }: Found) {
  const { grantId, params } = interaction;
  const known = grantId === undefined ? undefined : await provider.Grant.find(grantId);
  const accountId = publicSubjectOf(session.signIn.identity);
  return known ?? new provider.Grant({ accountId, clientId: String(params['client_id']) });
}

async function finish(
  exchange: PageExchange,
  { provider }: Found,
  result: InteractionResults,
): Promise<void> {
  const { ctx } = exchange;
  const url = await inScope(scopeOf(exchange), () => provider.interactionResult(ctx.req, ctx.res, result));
  const { pathname, search } = new URL(url);
  seeOther(ctx, pathname + search);
}

function showExpired(exchange: PageExchange): void {
  const failure = new FederationError('not-found', 'no such interaction is before this browser');
  showError(exchange, failure, { kind: 'application-expired' });
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

function asRecord(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {};
}
