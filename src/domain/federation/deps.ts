import type { AuditLog } from '../audit/audit-log.ts';
import type { Random } from '../credentials/credentials.ts';
import type { Directory } from '../role/directory.ts';
import type { SessionStore } from '../session/session-store.ts';
import type { InlinePolicyParser } from './caller.ts';

/** What the use cases need of the world. */
export type FederationDeps = {
  readonly directory: Directory;
  readonly sessions: SessionStore;
  readonly audit: AuditLog;
  /** One line for each event, beside the store: JSON text without a line break. */
  readonly emit: (event: string) => void;
  readonly random: Random;
  /** Seals a secret for the store; `context` must be given again to open it. */
  readonly seal: (secret: string, context: string) => Uint8Array;
  /** Seals a decision for DecodeAuthorizationMessage: at most 10,240 characters come out. */
  readonly encodeMessage: (json: string) => string;
  readonly parseInline: InlinePolicyParser;
  /** How full policies and tags make a session, in per cent. */
  readonly packedPolicySize: (parts: readonly string[]) => number;
};
