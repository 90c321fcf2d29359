import type { Credentials } from '../../domain/credentials/credentials.ts';
import type { CredentialBlock, CredentialValueName } from '../page-data.ts';
import {
  quoteForCmd,
  quoteForDotenv,
  quoteForIni,
  quoteForPowerShell,
  quoteForShell,
  type Quote,
} from './quoting.ts';

/** Where the credentials are good, and what files call them. */
export type CredentialPlace = {
  /** Our origin: the STS endpoint. */
  readonly publicUrl: string;
  readonly region: string;
  /** Letters, digits, `_.@-`. */
  readonly profile: string;
};

type Line = CredentialBlock['lines'][number];

/** One value: what environments call it, and what pages do. */
type Value = {
  readonly name: CredentialValueName;
  readonly variables: readonly string[];
  readonly text: string;
  readonly secret: boolean;
};

/** Of no secret's length. */
const MASK = '••••••••';

/**
 * The credentials as each kind of reader takes them, endpoint and region included, so that a paste works as it is. A reader
 * that could not be told some value has no block, rather than one that says something else.
 *
 * @see wire-spec 2, AWS SDKs and Tools Reference Guide
 */
export function renderCredentialBlocks(
  credentials: Credentials,
  place: CredentialPlace,
): readonly CredentialBlock[] {
  const values = valuesOf(credentials, place);
  const assignments = (
    wrap: (name: string, quoted: string) => string,
    quote: Quote,
  ): readonly Line[] | undefined => linesOf(values, wrap, quote);
  const blocks: readonly (readonly [CredentialBlock['id'], readonly Line[] | undefined])[] = [
    ['bash', assignments((name, text) => `export ${name}=${text}`, quoteForShell)],
    ['powershell', assignments((name, text) => `$Env:${name} = ${text}`, quoteForPowerShell)],
    ['cmd', assignments((name, text) => `set "${name}=${text}"`, quoteForCmd)],
    ['dotenv', assignments((name, text) => `${name}=${text}`, quoteForDotenv)],
    ['file', fileLines(credentials, place)],
    ['values', values.map(valueLine)],
    ['process', processLines(credentials, place)],
  ];
  return blocks.flatMap(([id, lines]) => (lines === undefined ? [] : [{ id, lines }]));
}

function valuesOf(credentials: Credentials, { publicUrl, region }: CredentialPlace): readonly Value[] {
  const { accessKeyId, secretAccessKey, sessionToken, expiresAtMs } = credentials;
  const open = { secret: false } as const;
  const secret = { secret: true } as const;
  return [
    { name: 'access-key-id', variables: ['AWS_ACCESS_KEY_ID'], text: accessKeyId, ...open },
    { name: 'secret-access-key', variables: ['AWS_SECRET_ACCESS_KEY'], text: secretAccessKey, ...secret },
    { name: 'session-token', variables: ['AWS_SESSION_TOKEN'], text: sessionToken, ...secret },
    {
      name: 'expiration',
      variables: ['AWS_CREDENTIAL_EXPIRATION'],
      text: new Date(expiresAtMs).toISOString(),
      ...open,
    },
    { name: 'endpoint', variables: ['AWS_ENDPOINT_URL_STS'], text: publicUrl, ...open },
    // The SDKs read the one, the AWS CLI and boto3 the other.
    { name: 'region', variables: ['AWS_REGION', 'AWS_DEFAULT_REGION'], text: region, ...open },
  ];
}

function linesOf(
  values: readonly Value[],
  wrap: (name: string, quoted: string) => string,
  quote: Quote,
): readonly Line[] | undefined {
  const lines: Line[] = [];
  for (const { variables, text, secret } of values) {
    const quoted = quote(text);
    if (quoted === undefined) return undefined;
    const masked = secret ? MASK : quoted;
    lines.push(...variables.map((name) => ({ text: wrap(name, quoted), masked: wrap(name, masked) })));
  }
  return lines;
}

function valueLine({ name, text, secret }: Value): Line {
  return { name, text, masked: secret ? MASK : text };
}

/**
 * For `~/.aws/config`, not `~/.aws/credentials`: only there are endpoints read, so one paste is enough. An `endpoint_url` of
 * the whole profile would send the calls of every service to us.
 */
function fileLines(
  { accessKeyId, secretAccessKey, sessionToken }: Credentials,
  place: CredentialPlace,
): readonly Line[] | undefined {
  const { profile } = place;
  const settings = settingsOf(place);
  if (settings === undefined || ![accessKeyId, secretAccessKey, sessionToken].every(quoteForIni))
    return undefined;
  return [
    plain(`# ~/.aws/config, in the place of an older [profile ${profile}]`),
    plain(`[profile ${profile}]`),
    plain(`aws_access_key_id = ${accessKeyId}`),
    masked('aws_secret_access_key = ', secretAccessKey),
    masked('aws_session_token = ', sessionToken),
    ...settings,
  ];
}

/**
 * For bash and zsh: saves the document that `credential_process` wants where only its owner can read it, and adds the profile
 * that prints it, unless it is there. Taken again with newer credentials, only the document changes.
 *
 * @see AWS SDKs and Tools Reference Guide, Process credential provider
 */
function processLines(credentials: Credentials, place: CredentialPlace): readonly Line[] | undefined {
  const profile = `${place.profile}-process`;
  const settings = settingsOf({ ...place, profile });
  if (settings === undefined) return undefined;
  const file = `~/.aws/rolebridge/${profile}.json`;
  return [
    plain(`(umask 077 && mkdir -p ~/.aws/rolebridge && cat > ${file} && chmod 600 ${file}) <<'EOF'`),
    { text: processDocument(credentials), masked: processDocument(hidden(credentials)) },
    plain('EOF'),
    plain(`grep -qsF '[profile ${profile}]' ~/.aws/config || cat >> ~/.aws/config <<'EOF'`),
    plain(''),
    plain(`[profile ${profile}]`),
    // No SDK expands a tilde here, and only some run a shell.
    plain(`credential_process = sh -c 'cat ${file}'`),
    ...settings,
    plain('EOF'),
  ];
}

function settingsOf({ publicUrl, region, profile }: CredentialPlace): readonly Line[] | undefined {
  if (![publicUrl, region, profile].every(quoteForIni)) return undefined;
  return [
    plain(`region = ${region}`),
    plain(`services = ${profile}`),
    plain(''),
    plain(`[services ${profile}]`),
    plain('sts ='),
    plain(`  endpoint_url = ${publicUrl}`),
  ];
}

function processDocument({ accessKeyId, secretAccessKey, sessionToken, expiresAtMs }: Credentials): string {
  return JSON.stringify({
    Version: 1,
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    SessionToken: sessionToken,
    Expiration: new Date(expiresAtMs).toISOString(),
  });
}

function hidden(credentials: Credentials): Credentials {
  return { ...credentials, secretAccessKey: MASK, sessionToken: MASK };
}

function plain(text: string): Line {
  return { text, masked: text };
}

function masked(beginning: string, secret: string): Line {
  return { text: beginning + secret, masked: beginning + MASK };
}
