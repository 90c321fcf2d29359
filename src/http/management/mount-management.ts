import type Router from '@koa/router';

export type ManagementDeps = {
  /** Resolves when the store answers. */
  readonly ping: () => Promise<void>;
  readonly renderMetrics: () => Promise<string>;
};

const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Mounts health and metrics; the management port alone has them. */
export function mountManagement(router: Router, deps: ManagementDeps): void {
  router.get('/health/live', (ctx) => {
    ctx.body = { status: 'UP' };
  });
  router.get('/health/ready', async (ctx) => {
    const store = await deps.ping().then(
      () => 'UP' as const,
      () => 'DOWN' as const,
    );
    ctx.status = store === 'UP' ? 200 : 503;
    ctx.body = { status: store, checks: [{ name: 'store', status: store }] };
  });
  router.get('/metrics', async (ctx) => {
    ctx.set('Content-Type', METRICS_TYPE);
    ctx.body = await deps.renderMetrics();
  });
}
