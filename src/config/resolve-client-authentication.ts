import type { ClientAuthentication } from '../domain/application/application.ts';
import { Secret } from '../domain/credentials/secret.ts';
import type { Arn } from '../domain/role/arn.ts';
import type { Path } from './fault.ts';
import { readKeySet } from './read-key-set.ts';
import { INSECURE_URL, readSecret, reportError } from './resolution.ts';
import type { Resolution } from './resolution.ts';
import { compileTrust } from './resolve-policies.ts';
import type { TrustedProviders } from './resolve-policies.ts';
import type { ConfigFile } from './schema.ts';

type Entry = ConfigFile['applications'][number];

export type ClientPlace = {
  readonly arn: Arn;
  readonly path: Path;
  readonly providers: TrustedProviders;
  readonly http: ConfigFile['outbound']['http'];
};

const WAYS = ['clientSecret', 'jwks', 'clientPolicy'] as const;

/** How an application proves who it is; more than one way is a fault, since an attacker would choose the weakest. */
export function resolveClientAuthentication(
  entry: Entry,
  place: ClientPlace,
  resolution: Resolution,
): ClientAuthentication {
  const [first, ...others] = WAYS.filter((way) => entry[way] !== undefined);
  for (const way of others) reportSecondWay([...place.path, way], resolution);
  if (first !== 'clientSecret' && entry.clientSecretMethod !== undefined)
    reportIdleMethod([...place.path, 'clientSecretMethod'], resolution);
  if (first === 'clientSecret') return resolveSecret(entry, [...place.path, first], resolution);
  if (first === 'jwks') return resolveKeys(entry.jwks, place, resolution);
  if (first === 'clientPolicy') return resolveWorkload(entry, place, resolution);
  return { kind: 'public' };
}

function reportSecondWay(path: Path, resolution: Resolution): void {
  reportError(resolution, 'several-authentications', path, {
    message: 'An application proves who it is in one way: whoever attacks it would choose the weakest.',
    remedy: 'Keep one of clientSecret, jwks and clientPolicy.',
  });
}

function reportIdleMethod(path: Path, resolution: Resolution): void {
  reportError(resolution, 'invalid-value', path, {
    message: 'This application does not prove with a secret who it is.',
    remedy: 'Give it a `clientSecret`, or remove this.',
  });
}

/** Of random text of our alphabets: 160 bits and more. */
const GOOD_SECRET_CHARS = 32;
/** RFC 6749 A.2. */
const SECRET_TEXT = /^[\u0020-\u007e]{1,1024}$/;

function resolveSecret(
  { clientSecret: reference = {}, clientSecretMethod: method = 'basic' }: Entry,
  path: Path,
  resolution: Resolution,
): ClientAuthentication {
  const secret = readSecret(reference, path, resolution) ?? new Secret('');
  const text = secret.reveal();
  if (text !== '' && !SECRET_TEXT.test(text)) reportMalformedSecret(path, resolution);
  else if (text !== '' && text.length < GOOD_SECRET_CHARS) reportWeakSecret(path, resolution);
  return { kind: 'secret', secret, method };
}

function reportMalformedSecret(path: Path, resolution: Resolution): void {
  reportError(resolution, 'secret-malformed', path, {
    message: 'This secret is not of printable ASCII characters, 1024 at most.',
    remedy: 'Make one with `openssl rand -base64 32`.',
  });
}

function reportWeakSecret(path: Path, { report }: Resolution): void {
  report({
    severity: 'warning',
    code: 'weak-secret',
    message: `This secret has fewer than ${GOOD_SECRET_CHARS} characters: it could be guessed.`,
    remedy: 'Make one with `openssl rand -base64 32`.',
    path,
  });
}

function resolveKeys(
  jwks: Entry['jwks'],
  { path, http }: ClientPlace,
  resolution: Resolution,
): ClientAuthentication {
  const { uri, file = '' } = jwks ?? {};
  if (uri === undefined)
    return { kind: 'keys', keys: { jwks: readKeySet(file, [...path, 'jwks', 'file'], resolution) } };
  if (http === 'deny' && uri.startsWith('http://'))
    reportError(resolution, 'insecure-url', [...path, 'jwks', 'uri'], INSECURE_URL);
  return { kind: 'keys', keys: { uri } };
}

function resolveWorkload(
  { clientPolicy }: Entry,
  { arn, path, providers }: ClientPlace,
  resolution: Resolution,
): ClientAuthentication {
  const place = { kind: 'client', arn, path: [...path, 'clientPolicy'], providers } as const;
  const policy = compileTrust(clientPolicy, place, resolution);
  // Where the policy is faulty, nothing is used of what is returned here.
  return policy === undefined ? { kind: 'public' } : { kind: 'workload', policy };
}
