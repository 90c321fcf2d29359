import type { Config } from './config.ts';

/** Settings that only a restart changes. */
const RESTART_ONLY = ['listen', 'management', 'store', 'logLevel', 'audit'] as const;

/** What a reload changes, for the log: names that came and went, and settings that wait for a restart. */
export function changesBetween(before: Config, after: Config): Readonly<Record<string, unknown>> {
  const names = (config: Config) => ({
    roles: new Set<string>(config.roles.map(({ arn }) => arn)),
    users: new Set<string>(config.users.map(({ arn }) => arn)),
    providers: new Set<string>([...config.oidcProviders, ...config.samlProviders].map(({ arn }) => arn)),
    applications: new Set<string>(config.applications.map(({ clientId }) => clientId)),
    services: new Set<string>(config.services.map(({ audience }) => audience)),
  });
  const [old, young] = [names(before), names(after)];
  const difference = (kind: keyof typeof old): Readonly<Record<string, readonly string[]>> => ({
    added: [...young[kind].difference(old[kind])],
    removed: [...old[kind].difference(young[kind])],
  });
  const needRestart = RESTART_ONLY.filter(
    (key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]),
  );
  return {
    roles: difference('roles'),
    users: difference('users'),
    providers: difference('providers'),
    applications: difference('applications'),
    services: difference('services'),
    needRestart,
  };
}
