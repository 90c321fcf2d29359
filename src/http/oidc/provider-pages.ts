import type { Configuration, KoaContextWithOIDC } from 'oidc-provider';
import type { Directory } from '../../domain/role/directory.ts';
import type { Pages } from '../page-data.ts';
import { seeOther, type PageExchange } from '../page-exchange.ts';
import { deviceNameOf } from '../device-name.ts';
import { displayNameOf } from '../signed-out.ts';
import { wishesOf } from './asked-wishes.ts';
import { OIDC_PATHS } from './oidc-paths.ts';
import { requireScope } from './provider-scope.ts';

type Features = NonNullable<Configuration['features']>;
type Wanted<T> = Required<NonNullable<T>>;

/** What the library would show people, shown by our own pages once it has answered. */
export type ProviderPages = {
  readonly renderError: NonNullable<Configuration['renderError']>;
  readonly deviceFlow: Pick<
    Wanted<Features['deviceFlow']>,
    'deviceInfo' | 'userCodeInputSource' | 'userCodeConfirmSource' | 'successSource'
  >;
  readonly rpInitiatedLogout: Pick<
    Wanted<Features['rpInitiatedLogout']>,
    'logoutSource' | 'postLogoutSuccessSource'
  >;
};

export type ProviderPagesDeps = { readonly directory: Directory };

export function createProviderPages(deps: ProviderPagesDeps): ProviderPages {
  return {
    renderError: (ctx, _out, error) => {
      requireScope().failure = error;
      ctx.body = '';
    },
    deviceFlow: {
      deviceInfo: () => {
        const { sourceIp, userAgent } = requireScope().facts;
        return { ip: sourceIp, ua: userAgent };
      },
      userCodeInputSource: (ctx, _form, _out, error) => {
        const problem = problemPart(error);
        showLater((exchange) => {
          exchange.show('device-code', { xsrf: xsrfOf(ctx), ...problem });
        });
      },
      userCodeConfirmSource: (ctx, _form, client, info, userCode) => {
        const data = { userCode, application: client.clientName ?? client.clientId, ...requestOf(ctx, info) };
        const wishes = wishesOf(ctx.oidc.entities.DeviceCode?.params ?? {}, client.clientId, deps);
        showLater((exchange) => {
          exchange.show('device-confirm', { xsrf: xsrfOf(ctx), ...data, ...wishes });
        });
      },
      successSource: ({ oidc: { client } }) => {
        const application = client?.clientName ?? '';
        showLater((exchange) => {
          exchange.show('device-done', { application });
        });
      },
    },
    rpInitiatedLogout: {
      logoutSource: (ctx) => {
        showLater((exchange) => {
          askToSignOut(ctx, exchange, deps);
        });
      },
      postLogoutSuccessSource: () => {
        showLater(({ ctx }) => {
          seeOther(ctx, '/signed-out');
        });
      },
    },
  };
}

// While the library is at work, what it sets afterwards would replace what is shown.
function showLater(show: (exchange: PageExchange) => void): void {
  const scope = requireScope();
  const { exchange } = scope;
  if (exchange === undefined) throw new Error('a page was to be shown to a program');
  scope.show = () => {
    show(exchange);
  };
}

function xsrfOf({ oidc: { session } }: KoaContextWithOIDC): string {
  const secret = session?.state?.['secret'];
  return typeof secret === 'string' ? secret : '';
}

/** What the library says of a code that it does not take, by the names of its errors. */
const PROBLEMS = {
  NoCodeError: 'missing',
  NotFoundError: 'unknown',
  ExpiredError: 'expired',
  AlreadyUsedError: 'used',
  AbortedError: 'denied',
} as const;

/** The problem with a code that was typed; `undefined`: nothing was wrong with one. */
function problemOf(error: Error | undefined): Pages['device-code']['problem'] {
  if (error === undefined) return undefined;
  const [, problem = 'failed' as const] =
    Object.entries(PROBLEMS).find(([name]) => name === error.name) ?? [];
  return problem;
}

function problemPart(error: Error | undefined): Pick<Pages['device-code'], 'problem' | 'userCode'> {
  const problem = problemOf(error);
  requireScope().codeProblem = problem;
  const typed = error !== undefined && 'userCode' in error ? error.userCode : undefined;
  const userCode = typed ?? requireScope().userCode;
  return {
    ...(problem === undefined ? {} : { problem }),
    ...(typeof userCode === 'string' ? { userCode: userCode.slice(0, MAX_CODE_CHARS) } : {}),
  };
}

const MAX_CODE_CHARS = 20;

function requestOf({ oidc }: KoaContextWithOIDC, info: Readonly<Record<string, unknown>>) {
  const { ip, ua } = info;
  return {
    requestedAtMs: (oidc.entities.DeviceCode?.iat ?? 0) * 1000,
    sourceIp: typeof ip === 'string' ? ip : '–',
    device: deviceNameOf(typeof ua === 'string' ? ua : ''),
  };
}

function askToSignOut(
  ctx: KoaContextWithOIDC,
  exchange: PageExchange,
  { directory }: ProviderPagesDeps,
): void {
  const { client, session, params } = ctx.oidc;
  const others = Object.entries(session?.authorizations ?? {})
    .filter(([clientId]) => clientId !== client?.clientId)
    .map(([clientId, { persistsLogout }]) => ({ clientId, persistsLogout }));
  const namesOf = (some: typeof others): readonly string[] =>
    some.flatMap(({ clientId }) => directory.application(clientId)?.displayName ?? []);
  const target = params?.['post_logout_redirect_uri'];
  const identity = exchange.session?.signIn.identity;
  exchange.show(
    'application-sign-out',
    {
      xsrf: xsrfOf(ctx),
      action: OIDC_PATHS.endSessionConfirm,
      ...(client === undefined ? {} : { application: client.clientName ?? client.clientId }),
      others: namesOf(others.filter(({ persistsLogout }) => persistsLogout !== true)),
      lasting: namesOf(others.filter(({ persistsLogout }) => persistsLogout === true)),
      provider: identity === undefined ? '' : displayNameOf(identity.providerArn, { directory }),
    },
    typeof target === 'string' ? { formTargets: formTargetsOf(target) } : {},
  );
}

/** Where a form may lead that ends at an address of an application: apps of their own schemes have no origin to name. */
export function formTargetsOf(uri: string): readonly string[] | 'anywhere' {
  return /^https?:/i.test(uri) ? [uri] : 'anywhere';
}
