import { audited } from '../../domain/federation/audited.ts';
import type { SignInProvider } from '../../domain/identity/sign-in-provider.ts';
import type { OidcPreset } from '../../domain/identity/sign-in-settings.ts';
import type { OidcSignInProvider } from '../../protocols/oidc/presets.ts';
import { chooseLanguage } from '../language.ts';
import { startAttempt } from '../login-attempt-cookie.ts';
import { pageDraft, seeOther, showError, type PageExchange } from '../page-exchange.ts';
import { malformed } from '../read-form.ts';
import { returnPathOf } from '../return-path.ts';
import { showUnknownProvider, signInFailure } from '../sign-in-failure.ts';
import { readHint } from './email-address.ts';
import { providerIn, redirectUriOf, type SignInDeps } from './exchange.ts';
import { bindingOf } from './oidc-relying-party.ts';

type Wishes = {
  readonly returnTo: string;
  readonly loginHint?: string;
  readonly prompt?: 'login' | 'select_account';
};

/** Those that answer `max_age` with `auth_time`, so that we see whether they did as they were asked. */
const TELLS_AUTH_TIME: ReadonlySet<OidcPreset> = new Set<OidcPreset>(['generic', 'okta']);

/** `GET /signin/{provider}`: sends the browser to its provider. */
export async function startSignIn(exchange: PageExchange, deps: SignInDeps): Promise<void> {
  const found = providerIn(exchange.ctx, deps);
  if (found === undefined) {
    showUnknownProvider(exchange);
    return;
  }
  const { name, signIn, arn } = found.provider;
  const returnTo = returnPathOf(new URLSearchParams(exchange.ctx.querystring).get('return_to'));
  const draft = pageDraft(
    { ...exchange, session: undefined },
    found.kind === 'oidc' ? 'OidcSignIn' : 'SamlSignIn',
    { principalArn: arn },
  );
  try {
    await audited(draft, deps, async () => {
      seeOther(exchange.ctx, await placeOf(found, exchange, deps));
    });
  } catch (error) {
    showError(exchange, error, signInFailure(error, { name, displayName: signIn.displayName, returnTo }));
  }
}

async function placeOf(found: SignInProvider, exchange: PageExchange, deps: SignInDeps): Promise<string> {
  const wishes = parseWishes(exchange.ctx.querystring);
  if (found.kind === 'saml') return samlLoginPath(found.provider.name, wishes);
  return (await startOidc(found.provider, wishes, { exchange, deps })).href;
}

function samlLoginPath(name: string, { returnTo, prompt }: Wishes): string {
  const query = new URLSearchParams({ ReturnTo: returnTo });
  if (prompt === 'login') query.set('ForceAuthn', 'true');
  return `/saml/${encodeURIComponent(name)}/login?${query.toString()}`;
}

async function startOidc(
  provider: OidcSignInProvider,
  { returnTo, loginHint, prompt }: Wishes,
  { exchange, deps }: { readonly exchange: PageExchange; readonly deps: SignInDeps },
): Promise<URL> {
  const { ctx, surface } = exchange;
  const about = {
    ...({ purpose: 'sign-in', site: 'same' } as const),
    providerArn: provider.arn,
    forceAuthn: prompt === 'login' && TELLS_AUTH_TIME.has(provider.signIn.preset),
    authnContextClassRefs: [],
    returnTo,
  };
  const bound = await startAttempt(exchange, about, deps);
  return deps.oidc.start({
    ...bindingOf(bound),
    provider,
    redirectUri: redirectUriOf(provider, surface.publicUrl),
    uiLocales: [chooseLanguage(ctx.get('accept-language'))],
    ...(loginHint === undefined ? {} : { loginHint }),
    ...(prompt === undefined ? {} : { prompt }),
  });
}

/** @throws FederationError `malformed-input` */
function parseWishes(query: string): Wishes {
  const parameters = new URLSearchParams(query);
  const prompt = parameters.get('prompt') ?? undefined;
  if (prompt !== undefined && prompt !== 'login' && prompt !== 'select_account')
    throw malformed('prompt is neither login nor select_account');
  const loginHint = readHint(parameters.get('login_hint'));
  return {
    returnTo: returnPathOf(parameters.get('return_to')),
    ...(loginHint === undefined ? {} : { loginHint }),
    ...(prompt === undefined ? {} : { prompt }),
  };
}
