import type { Policy } from '../policy/document.ts';
import type { Principal } from '../policy/request.ts';
import type { Directory } from '../role/directory.ts';
import type { Role } from '../role/role.ts';
import type { User } from '../role/user.ts';
import type { Session, SessionPolicyLayer } from '../session/session.ts';

/** Who signed a request, after the signature was verified. */
export type Caller =
  /** Long-term keys of a user, or of an account's root user. */
  | { readonly kind: 'user'; readonly accessKeyId: string; readonly user: User }
  /** GetSessionToken credentials: the user, perhaps with MFA. */
  | { readonly kind: 'session-token'; readonly session: Session; readonly user: User }
  | { readonly kind: 'federated-user'; readonly session: Session; readonly user: User }
  | { readonly kind: 'assumed-role'; readonly session: Session; readonly role: Role };

/** What a caller's own side says: identity policies, boundary and session policies. */
export type CallerPolicies = {
  readonly identity: readonly Policy[];
  readonly boundary?: Policy;
  readonly session?: readonly (readonly Policy[])[];
};

export function sessionOf(caller: Caller): Session | undefined {
  return caller.kind === 'user' ? undefined : caller.session;
}

/** The principal that policies see. */
export function principalOf(
  caller: Caller,
): Exclude<Principal, { type: 'web-identity' | 'saml' | 'service' | 'anonymous' }> {
  switch (caller.kind) {
    case 'user':
    case 'session-token': {
      const { arn, account, id, isRoot } = caller.user;
      return { type: isRoot ? 'root' : 'user', arn, account, userId: id };
    }
    case 'federated-user': {
      const { principalArn, account, userId } = caller.session;
      return { type: 'federated-user', arn: principalArn, parentArn: caller.user.arn, account, userId };
    }
    case 'assumed-role': {
      const { principalArn, account, userId } = caller.session;
      return { type: 'assumed-role', arn: principalArn, roleArn: caller.role.arn, account, userId };
    }
  }
}

/** Compiles inline session policies; the same text again costs nothing. */
export type InlinePolicyParser = (text: string) => Policy;

/** The caller's policies, managed session policies looked up now: a changed one changes running sessions (wire-spec 5). */
export function policiesOf(
  caller: Caller,
  deps: { readonly directory: Directory; readonly parseInline: InlinePolicyParser },
): CallerPolicies {
  const { identityPolicies, permissionsBoundary } =
    caller.kind === 'assumed-role' ? caller.role : caller.user;
  const layers = sessionOf(caller)?.sessionPolicies ?? [];
  return {
    identity: identityPolicies,
    ...(permissionsBoundary ? { boundary: permissionsBoundary } : {}),
    ...(layers.length > 0 ? { session: layers.map((layer) => compileLayer(layer, deps)) } : {}),
  };
}

// A managed policy that is gone allows nothing: the layer shrinks, it never widens.
function compileLayer(
  layer: SessionPolicyLayer,
  deps: { readonly directory: Directory; readonly parseInline: InlinePolicyParser },
): readonly Policy[] {
  const managed = layer.managedArns.map((arn) => deps.directory.managedPolicy(arn));
  const inline = layer.inline === undefined ? [] : [deps.parseInline(layer.inline)];
  return [...inline, ...managed.filter((policy) => policy !== undefined)];
}
