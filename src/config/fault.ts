import type { FindingCode } from '../domain/policy/lint-finding.ts';

/** Where something is inside the configuration, from the top: keys and list positions. */
export type Path = readonly (string | number)[];

/** What can be wrong with a configuration. Tools match on these, so they are stable. */
export type FaultCode =
  | 'unreadable-file'
  | 'file-too-large'
  | 'yaml-syntax'
  | 'duplicate-key'
  | 'unknown-key'
  | 'missing-key'
  | 'invalid-value'
  | 'malformed-policy'
  | 'duplicate-entry'
  | 'unknown-account'
  | 'unknown-policy'
  | 'unknown-group'
  | 'wrong-account'
  | 'insecure-url'
  | 'malformed-jwks'
  | 'malformed-metadata'
  | 'secret-missing'
  | 'secret-malformed'
  | 'malformed-logo'
  | 'low-contrast'
  | 'any-tenant-issuer'
  | 'own-issuer'
  | 'reserved-issuer'
  | 'unused-role'
  | 'open-to-google-accounts'
  | 'unused-provider'
  | 'missing-companion-action'
  | 'passkeys-need-a-name'
  | 'unknown-application'
  | 'unknown-role'
  | 'unknown-service'
  | 'ambiguous-audience'
  | 'ambiguous-client-id'
  | 'reserved-claim'
  | 'several-authentications'
  | 'impossible-grant'
  | 'unusable-redirect-uri'
  | 'weak-secret'
  | 'useless-grant'
  | 'nameless-application'
  | 'public-exchange'
  | 'silent-consent'
  | 'unused-service'
  | 'useless-client'
  | FindingCode;

/** One thing that is wrong, by its place in the configuration. `error`s keep the service from starting. */
export type Issue = {
  readonly severity: 'error' | 'warning';
  readonly code: FaultCode;
  /** One sentence. It never quotes a value that could be a secret. */
  readonly message: string;
  readonly remedy?: string;
  readonly path: Path;
};

/** An {@link Issue} by its place in the file. `line` and `column` count from 1; `path` reads `roles[0].trustPolicy`. */
export type Fault = Omit<Issue, 'path'> & {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly path: string;
};

export type Report = (issue: Issue) => void;

/** Keys that are not plain words are quoted, so that `tags["a.b"]` is not read as two steps. */
export function renderPath(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    if (!/^[A-Za-z_][\w-]*$/.test(step)) return `${text}[${JSON.stringify(step)}]`;
    return text === '' ? step : `${text}.${step}`;
  }, '');
}
