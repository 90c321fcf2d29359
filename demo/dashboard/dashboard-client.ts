import { readFileSync } from 'node:fs';

/** The example application as config/demo.yaml has it. Its secret opens nothing but the demo, so it may be read by anybody. */
export const dashboardClient = {
  id: 'dashboard',
  secret: readFileSync(new URL('../../config/demo-dashboard-secret', import.meta.url), 'utf8').trim(),
} as const;

export const ROLE = 'arn:aws:iam::123456789012:role/read-only';

/** How the bridge says that a second factor was used; `phr`: a passkey. @see docs/applications.md */
export const MFA = 'urn:rolebridge:acr:mfa';
export const MFA_ACRS: readonly unknown[] = [MFA, 'phr'];
