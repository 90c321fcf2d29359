import type { SignInProvider } from '../../domain/identity/sign-in-provider.ts';
import { isLastProvider } from '../last-provider-cookie.ts';
import type { Pages, ProviderChoice } from '../page-data.ts';
import { seeOther, type PageExchange } from '../page-exchange.ts';
import { isReturnPath, returnPathOf } from '../return-path.ts';
import { domainOf, readHint } from './email-address.ts';
import type { SignInDeps } from './exchange.ts';

type SignInPage = Pages['sign-in'];

const REASONS = ['session-ended', 'provider-removed', 'signed-out', 'sign-in-again'] as const;

/**
 * `GET /signin`: leads to a provider, by what the link says or by asking. Where somebody comes for a reason, or from an error
 * (`choose`), nobody is sent on unasked: that is how redirect loops begin.
 */
export function chooseProvider(exchange: PageExchange, deps: SignInDeps): Promise<void> {
  const { ctx, session } = exchange;
  const parameters = new URLSearchParams(ctx.querystring);
  const returnTo = parameters.get('return_to');
  const reason = REASONS.find((known) => known === parameters.get('reason'));
  const asks = reason !== undefined || parameters.has('choose');
  const hint = readHint(parameters.get('login_hint'));
  const only = onlyProvider(deps) ?? providerOf(hint, deps);
  if (session !== undefined && !asks) seeOther(ctx, returnPathOf(returnTo));
  else if (only !== undefined && !asks) seeOther(ctx, placeOf(only, { hint, returnTo }));
  else {
    const email = hint ?? readHint(parameters.get('email')) ?? '';
    showChoice(exchange, { email, ...(reason && { reason }), returnTo }, deps);
  }
  return Promise.resolve();
}

/** `POST /signin`: from an e-mail address to its provider. The answer depends on the domain alone, never on the person. */
export async function findProvider(exchange: PageExchange, deps: SignInDeps): Promise<void> {
  const form = await exchange.form();
  const email = (form.get('email') ?? '').trim();
  const returnTo = form.get('return_to');
  const provider = providerOf(email, deps);
  if (provider !== undefined) {
    seeOther(exchange.ctx, placeOf(provider, { hint: email, returnTo }));
    return;
  }
  const problem = domainOf(email) === undefined ? 'malformed-email' : 'unknown-domain';
  showChoice(exchange, { email: readHint(email) ?? '', problem, returnTo }, deps);
}

function onlyProvider({ directory }: SignInDeps): SignInProvider | undefined {
  const [first, ...others] = directory.signInProviders();
  return others.length === 0 ? first : undefined;
}

function providerOf(email: string | undefined, { directory }: SignInDeps): SignInProvider | undefined {
  const domain = domainOf(email ?? '');
  return directory
    .signInProviders()
    .find(({ provider }) => domain !== undefined && provider.signIn.domains.includes(domain));
}

type Onward = { readonly hint: string | undefined; readonly returnTo: string | null };

function placeOf({ provider }: SignInProvider, { hint, returnTo }: Onward): string {
  const query = new URLSearchParams();
  if (hint !== undefined) query.set('login_hint', hint);
  if (returnTo !== null && isReturnPath(returnTo)) query.set('return_to', returnTo);
  const text = query.toString();
  return `/signin/${encodeURIComponent(provider.name)}${text === '' ? '' : `?${text}`}`;
}

function showChoice(
  exchange: PageExchange,
  { returnTo, ...about }: Pick<SignInPage, 'email' | 'problem' | 'reason'> & Pick<Onward, 'returnTo'>,
  deps: SignInDeps,
): void {
  const data = {
    ...about,
    providers: choicesOf(exchange, deps),
    ...(returnTo !== null && isReturnPath(returnTo) ? { returnTo } : {}),
  };
  const status = about.problem === undefined ? 200 : 422;
  exchange.show('sign-in', data, { status });
}

/** The last used first, the others as they are configured. */
function choicesOf(exchange: PageExchange, { directory }: SignInDeps): readonly ProviderChoice[] {
  return directory
    .signInProviders()
    .map(({ provider: { name, signIn } }) => ({
      name,
      displayName: signIn.displayName,
      lastUsed: isLastProvider(exchange, name),
    }))
    .toSorted((one, other) => Number(other.lastUsed) - Number(one.lastUsed));
}
