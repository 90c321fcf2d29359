import type { MfaMethod } from '../../domain/mfa/factor.ts';
import type { MfaGoal } from '../../domain/mfa/mfa-step.ts';
import type { MfaReason } from '../page-data.ts';
import type { PageSurface } from '../page-exchange.ts';
import { returnPathOf } from '../return-path.ts';

/** What a link or form to these pages asks for. Anybody can make such a link: it decides what is shown, and nothing else. */
export type MfaWish = {
  readonly returnTo: string;
  readonly reason: MfaReason;
  readonly goal: MfaGoal;
  readonly method: MfaMethod | undefined;
};

/** How long a proof is taken as the one for a role, where the link does not say since when one is wanted. */
const JUST_NOW_MS = 60_000;
const ROLE_PAGE = /^\/roles\/([^?#]+)/;
const ROLE = /^(?:arn:aws:iam::\d{12}:role\/(?:[\u0021-\u007e]{1,512}\/)?)?([\w+=,.@-]{1,64})$/;
const EPOCH_MS = /^\d{1,15}$/;

/**
 * Reads `return_to`, `method`, `reason=manage`, `role` (an ARN or a name) and `since` (epoch milliseconds: a proof from before does not do,
 * as when a role's policy wants a younger one). Where a link leads back to tells its reason, too.
 */
export function parseMfaWish(
  parameters: URLSearchParams,
  { mfaRequired }: Pick<PageSurface, 'mfaRequired'>,
  nowMs: number,
): MfaWish {
  const returnTo = returnPathOf(parameters.get('return_to'));
  const roleName = roleNameIn(parameters.get('role')) ?? roleNameIn(rolePathOf(returnTo));
  const method = methodOf(parameters.get('method'));
  if (parameters.get('reason') === 'manage' || isManagement(returnTo))
    return { returnTo, method, reason: { kind: 'manage' }, goal: { kind: 'manage' } };
  if (roleName !== undefined) {
    const sinceMs = sinceOf(parameters.get('since'), nowMs);
    return { returnTo, method, reason: { kind: 'role', roleName }, goal: { kind: 'present', sinceMs } };
  }
  if (isApplication(returnTo)) {
    const sinceMs = sinceOf(parameters.get('since'), nowMs);
    return { returnTo, method, reason: { kind: 'application' }, goal: { kind: 'present', sinceMs } };
  }
  if (mfaRequired === 'always')
    return { returnTo, method, reason: { kind: 'always' }, goal: { kind: 'present', sinceMs: 0 } };
  return { returnTo, method, reason: { kind: 'manage' }, goal: { kind: 'manage' } };
}

function isManagement(returnTo: string): boolean {
  return /^\/mfa(?:[/?]|$)/.test(returnTo);
}

function isApplication(returnTo: string): boolean {
  return returnTo.startsWith('/oidc/interaction/');
}

function methodOf(text: string | null): MfaMethod | undefined {
  return text === 'totp' || text === 'passkey' || text === 'recovery-code' ? text : undefined;
}

function roleNameIn(role: string | null | undefined): string | undefined {
  return ROLE.exec(role ?? '')?.[1];
}

function rolePathOf(returnTo: string): string | undefined {
  const [, path] = ROLE_PAGE.exec(returnTo) ?? [];
  try {
    return path === undefined ? undefined : decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

// Nobody can prove anything in the future: such a link would lead round in circles.
function sinceOf(text: string | null, nowMs: number): number {
  return text !== null && EPOCH_MS.test(text) ? Math.min(Number(text), nowMs) : nowMs - JUST_NOW_MS;
}
