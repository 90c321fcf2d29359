import type { AuditDraft } from '../../domain/audit/audit-draft.ts';
import { FederationError } from '../../domain/errors.ts';
import { audited } from '../../domain/federation/audited.ts';
import type { OidcSignInProvider } from '../../protocols/oidc/presets.ts';
import { completeSignIn } from '../complete-sign-in.ts';
import { isHandle, takeAttempt, unknown, type BoundAttempt } from '../login-attempt-cookie.ts';
import { pageDraft, showError, type PageExchange } from '../page-exchange.ts';
import { malformed } from '../read-form.ts';
import { showUnknownProvider, signInFailure } from '../sign-in-failure.ts';
import { providerIn, redirectUriOf, type SignInDeps } from './exchange.ts';
import { bindingOf } from './oidc-relying-party.ts';

/** Codes, states and errors are short; what is longer is no answer of a provider. */
const MAX_QUERY_CHARS = 10_000;

/**
 * `GET /signin/{provider}/callback`: takes what the browser brings back: attempt, code and ID token, then the session.
 *
 * @see OpenID Connect Core 3.1.2.5, RFC 6749 4.1.2
 */
export async function finishSignIn(exchange: PageExchange, deps: SignInDeps): Promise<void> {
  const found = providerIn(exchange.ctx, deps);
  if (found?.kind !== 'oidc') {
    showUnknownProvider(exchange);
    return;
  }
  const { provider } = found;
  const { name, arn } = provider;
  // Whoever was signed in before has no part in it.
  const draft = pageDraft({ ...exchange, session: undefined }, 'OidcSignIn', { principalArn: arn });
  const failed = { name, displayName: provider.signIn.displayName };
  await failingOnPage(exchange, { failed, draft, deps }, async () => {
    const bound = await takeBound(exchange, provider, deps);
    const again = { ...failed, returnTo: bound.attempt.returnTo };
    await failingOnPage(exchange, { failed: again, draft, deps }, () =>
      finishAttempt(exchange, { provider, bound }, { draft, deps }),
    );
  });
}

/** An answer by POST is none that we asked for: it would come without the cookie that binds it. */
export function refusePostedCallback(): Promise<void> {
  return Promise.reject(malformed('the callback was posted'));
}

type Failing = {
  readonly failed: Parameters<typeof signInFailure>[1];
  readonly draft: AuditDraft;
  readonly deps: SignInDeps;
};

async function failingOnPage(
  exchange: PageExchange,
  { failed, draft, deps }: Failing,
  run: () => Promise<void>,
): Promise<void> {
  try {
    await audited(draft, deps, run);
  } catch (error) {
    if (error instanceof FederationError && failed.name !== undefined) deps.onSignIn(failed.name, 'failure');
    showError(exchange, error, signInFailure(error, failed));
  }
}

async function takeBound(
  exchange: PageExchange,
  { arn: providerArn }: OidcSignInProvider,
  deps: SignInDeps,
): Promise<BoundAttempt> {
  const { querystring } = exchange.ctx;
  if (querystring.length > MAX_QUERY_CHARS) throw malformed('the callback is too long');
  const [handle, ...others] = new URLSearchParams(querystring).getAll('state');
  if (!isHandle(handle) || others.length > 0) throw unknown('the callback has no state of ours, or several');
  return takeAttempt(exchange, { handle, purpose: 'sign-in', providerArn, site: 'same' }, deps);
}

async function finishAttempt(
  exchange: PageExchange,
  { provider, bound }: { readonly provider: OidcSignInProvider; readonly bound: BoundAttempt },
  { draft, deps }: { readonly draft: AuditDraft; readonly deps: SignInDeps },
): Promise<void> {
  const { ctx, facts, surface } = exchange;
  const { attempt } = bound;
  const redirectUri = redirectUriOf(provider, surface.publicUrl);
  const signIn = await deps.oidc.finish({
    provider,
    callback: new URL(`${redirectUri}?${ctx.querystring}`),
    expected: { ...bindingOf(bound), redirectUri, startedAtMs: attempt.startedAtMs },
    nowMs: facts.timeMs,
  });
  await completeSignIn(exchange, { signIn, provider: provider.name, attempt }, { draft, deps });
}
