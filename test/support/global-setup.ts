import { provideRedis } from './redis-server.ts';

/** Once for the whole run: a download must not eat a test's time, nor be done by each worker. */
export function setup(): void {
  try {
    provideRedis();
  } catch {
    // Tests that need Redis say what is missing when they start it; the others need not fail.
  }
}
