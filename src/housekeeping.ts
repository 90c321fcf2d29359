import type { Logger } from 'pino';
import type { Store } from './stores/store.ts';

export type HousekeepingDeps = { readonly store: Store; readonly logger: Logger };

type Configured = Readonly<Record<'roles' | 'users', readonly { readonly arn: string }[]>>;

/** A role or user that left the configuration takes its sessions along: made again later, it must not wake them. */
export async function revokeOrphans(
  { roles, users }: Configured,
  { store, logger }: HousekeepingDeps,
): Promise<void> {
  try {
    const revoked = await store.sessions.revokeOrphans([...roles, ...users].map(({ arn }) => arn));
    if (revoked > 0) logger.warn({ revoked }, 'sessions of roles and users that are not configured revoked');
  } catch (error) {
    logger.error({ err: error }, 'sessions of roles and users that are not configured not revoked');
  }
}

/** People do not expire, so nothing else would ever free them of an old master key. */
export async function reseal(run: () => Promise<number>, logger: Logger): Promise<void> {
  try {
    const resealed = await run();
    if (resealed > 0) logger.info({ resealed }, 'people sealed with the first key of the ring');
  } catch (error) {
    logger.error({ err: error }, 'people not sealed with the first key of the ring: keep the old one');
  }
}

/** Takes away what has expired, and events that are older than the trail is kept. */
export async function sweep(retainSeconds: number, { store, logger }: HousekeepingDeps): Promise<void> {
  try {
    await store.sessions.sweep(Date.now() - retainSeconds * 1000);
  } catch (error) {
    logger.warn({ err: error }, 'expired sessions not swept');
  }
}
