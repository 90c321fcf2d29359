import { createRequire } from 'node:module';
import { z } from 'zod';

/** Options whose default is off, and which the library's types do not name yet. */
const LEFT_OUT = new Set(['features.openid4vci']);
/** Of these the default is for development. */
const REQUIRED = ['adapter', 'jwks', 'findAccount', 'interactions'];

const record = z.record(z.string(), z.unknown());

/**
 * Refuses a configuration that leaves anything to the library: development keys, storage in memory, pages of its own, and
 * whatever a later version adds.
 *
 * @throws Error that names every option
 */
export function checkProviderConfiguration(configuration: object): void {
  const defaults = libraryDefaults();
  const missing = REQUIRED.filter((name) => record.parse(configuration)[name] === undefined);
  const faults = [...missing, ...leftToLibrary('', defaults, record.parse(configuration))];
  if (faults.length > 0) throw new Error(`options of oidc-provider are left to it: ${faults.join(', ')}`);
}

function leftToLibrary(
  path: string,
  defaults: Readonly<Record<string, unknown>>,
  ours: Readonly<Record<string, unknown>>,
): readonly string[] {
  return Object.entries(defaults).flatMap(([name, value]) => {
    const place = path === '' ? name : `${path}.${name}`;
    if (LEFT_OUT.has(place)) return [];
    if (!(name in ours)) return [place];
    const chosen = ours[name];
    if (typeof value === 'function') return chosen === undefined || chosen === value ? [place] : [];
    if (!isPlain(value)) return [];
    return isPlain(chosen) ? leftToLibrary(place, value, chosen) : [place];
  });
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

// Not a part of its interface: where it moves, this fails, and somebody looks what else has changed.
function libraryDefaults(): Readonly<Record<string, unknown>> {
  const loaded: unknown = createRequire(import.meta.url)('oidc-provider/lib/helpers/defaults.js');
  return z.looseObject({ defaults: record }).parse(loaded).defaults;
}
