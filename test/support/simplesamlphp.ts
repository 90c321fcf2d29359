import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unpackDebianPackages } from './debian-packages.ts';
import { freePort } from './free-port.ts';
import { until } from './redis-server.ts';

/** SimpleSAMLphp's own folder and a PHP that runs it. */
export type SimpleSamlPhpProgram = { readonly php: readonly string[]; readonly folder: string };

/** Debian's SimpleSAMLphp and PHP; undefined where they cannot be had. */
export function findSimpleSamlPhp(): SimpleSamlPhpProgram | undefined {
  const folder = 'usr/share/simplesamlphp';
  const root = unpackDebianPackages({
    folder: 'simplesamlphp',
    packages: ['simplesamlphp', 'php-cli', 'php-xml'],
    proof: `${folder}/www/saml2/idp/SSOService.php`,
    // PHP has a server of its own, which will do.
    without: ['apache2', 'libapache2', 'libapr'],
  });
  if (root === undefined) return undefined;
  const found = spawnSync('sh', ['-c', 'ls usr/bin/php?.? && ls -d usr/lib/php/20*'], {
    cwd: root,
    encoding: 'utf8',
  });
  const [php, extensions] = found.stdout.split('\n');
  if (found.status !== 0 || php === undefined || extensions === undefined) return undefined;
  const names = ['dom', 'xml', 'simplexml', 'xmlreader', 'xmlwriter', 'posix', 'tokenizer', 'ctype', 'iconv'];
  const flags = [`extension_dir=${join(root, extensions)}`, ...names.map((name) => `extension=${name}`)];
  return {
    php: [join(root, php), '-n', ...flags.flatMap((flag) => ['-d', flag])],
    folder: join(root, folder),
  };
}

export type SimpleSamlPhpOptions = {
  readonly entityId: string;
  /** The one who is signed in, whoever asks. `uid` becomes the NameID. */
  readonly attributes: Readonly<Record<string, readonly string[]>>;
  /** Settings of the IdP, as its documentation names them. */
  readonly settings?: Readonly<Record<string, string | boolean>>;
};

type RemoteServiceProvider = {
  readonly entityId: string;
  readonly acs: string;
  /** To encrypt to: base64 without armour. */
  readonly certificate: string;
};

export type SimpleSamlPhp = {
  readonly url: string;
  readonly metadataUrl: string;
  /** Takes in a service provider by its own metadata document, or by entity ID and ACS. */
  readonly trust: (sp: string | RemoteServiceProvider) => void;
  /** Other settings from the next request on. */
  readonly configure: (settings: Readonly<Record<string, string | boolean>>) => void;
  /** Where a browser starts an IdP-initiated sign-in at a service provider. */
  readonly signInUrl: (spEntityId: string) => string;
  /** What it wrote to its log of failures. */
  readonly failures: () => string;
  readonly stop: () => void;
};

/** Runs SimpleSAMLphp as an identity provider on a free port, with a key that PHP makes. */
export async function startSimpleSamlPhp(
  program: SimpleSamlPhpProgram,
  { entityId, attributes, settings = {} }: SimpleSamlPhpOptions,
): Promise<SimpleSamlPhp> {
  const home = mkdtempSync(join(tmpdir(), 'rolebridge-ssp-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  for (const folder of ['config', 'metadata', 'cert', 'temporary', 'sessions']) mkdirSync(join(home, folder));
  makeKey(program, join(home, 'cert'));
  const write = (file: string, variable: string, value: object): void => {
    writeFileSync(join(home, file), `<?php\n$${variable} = ${toPhp(value)};\n`);
  };
  const configure = (more: Readonly<Record<string, string | boolean>>): void => {
    const idp = { ...HOSTED, ...settings, ...more };
    write('metadata/saml20-idp-hosted.php', 'metadata', { [entityId]: idp });
  };
  const configureSources = (...more: readonly object[]): void => {
    const sources = { 'metadata.sources': [{ type: 'flatfile' }, ...more] };
    write('config/config.php', 'config', { ...configuration(home, url), ...sources });
  };
  configureSources();
  write('config/authsources.php', 'config', {
    people: { 0: 'exampleauth:StaticSource', ...attributes },
  });
  configure({});
  const remote: Record<string, object> = {};
  const child = serve(program, home, port);
  const metadataUrl = `${url}/saml2/idp/metadata.php`;
  // Its error pages have status 200, too.
  await until(async () => (await (await fetch(metadataUrl)).text()).includes('<md:EntityDescriptor'));
  return {
    url,
    metadataUrl,
    trust: (sp) => {
      if (typeof sp === 'string') {
        writeFileSync(join(home, 'metadata/sp.xml'), sp);
        configureSources({ type: 'xml', file: join(home, 'metadata/sp.xml') });
      } else {
        const key = { type: 'X509Certificate', encryption: true, signing: false };
        remote[sp.entityId] = {
          AssertionConsumerService: sp.acs,
          keys: [{ ...key, X509Certificate: sp.certificate }],
        };
        write('metadata/saml20-sp-remote.php', 'metadata', remote);
      }
    },
    configure,
    signInUrl: (sp) =>
      `${url}/saml2/idp/SSOService.php?${new URLSearchParams({ spentityid: sp }).toString()}`,
    failures: () => {
      const lines = readFileSync(join(home, 'log'), 'utf8').split('\n');
      return lines.filter((line) => line.includes('Caused by: ')).join('\n');
    },
    stop: () => {
      child.kill('SIGKILL');
      rmSync(home, { recursive: true, force: true });
    },
  };
}

const BINDINGS = ['HTTP-Redirect', 'HTTP-POST'].map((name) => `urn:oasis:names:tc:SAML:2.0:bindings:${name}`);
const HOSTED = {
  host: '__DEFAULT__',
  privatekey: 'idp.key',
  certificate: 'idp.crt',
  auth: 'people',
  NameIDFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
  'simplesaml.nameidattribute': 'uid',
  'attributes.NameFormat': 'urn:oasis:names:tc:SAML:2.0:attrname-format:uri',
  SingleSignOnServiceBinding: BINDINGS,
  SingleLogoutServiceBinding: BINDINGS,
};

function configuration(home: string, url: string): object {
  return {
    baseurlpath: `${url}/`,
    certdir: join(home, 'cert/'),
    loggingdir: join(home, 'temporary/'),
    datadir: join(home, 'temporary/'),
    tempdir: join(home, 'temporary'),
    metadatadir: join(home, 'metadata'),
    technicalcontact_name: 'nobody',
    technicalcontact_email: 'nobody@example.com',
    timezone: 'UTC',
    secretsalt: 'a salt for tests',
    'auth.adminpassword': 'of no use',
    'logging.level': 7,
    'logging.handler': 'errorlog',
    'enable.saml20-idp': true,
    'module.enable': { exampleauth: true, core: true, saml: true },
    'session.duration': 3600,
    'session.cookie.secure': false,
    'session.phpsession.savepath': join(home, 'sessions'),
    'session.phpsession.cookiename': 'ssp',
    'session.phpsession.httponly': true,
    'language.available': ['en'],
    'language.default': 'en',
    'store.type': 'phpsession',
    'theme.use': 'default',
  };
}

/** PHP's own OpenSSL makes the key, so that nothing of it is ours. */
function makeKey({ php }: SimpleSamlPhpProgram, folder: string): void {
  writeFileSync(join(folder, 'openssl.cnf'), '[req]\ndistinguished_name = dn\n[dn]\n');
  const script = `
    $c = ['config' => 'openssl.cnf', 'private_key_bits' => 2048, 'digest_alg' => 'sha256'];
    $key = openssl_pkey_new($c);
    $certificate = openssl_csr_sign(openssl_csr_new(['commonName' => 'idp'], $key, $c), null, $key, 90, $c);
    exit(openssl_pkey_export_to_file($key, 'idp.key', null, $c)
      && openssl_x509_export_to_file($certificate, 'idp.crt') ? 0 : 1);`;
  const [file = '', ...flags] = php;
  const { status, stderr } = spawnSync(file, [...flags, '-r', script], { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`PHP makes no key: ${stderr}`);
}

function serve({ php, folder }: SimpleSamlPhpProgram, home: string, port: number): ChildProcess {
  const [file = '', ...flags] = php;
  const log = ['-d', `error_log=${join(home, 'log')}`, '-d', 'display_errors=0'];
  const child = spawn(file, [...flags, ...log, '-S', `127.0.0.1:${port}`, '-t', join(folder, 'www')], {
    env: { ...process.env, SIMPLESAMLPHP_CONFIG_DIR: join(home, 'config') },
    stdio: 'ignore',
  });
  // A test run that is cut short leaves no server behind.
  process.once('exit', () => child.kill('SIGKILL'));
  return child;
}

function toPhp(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(toPhp).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(
      ([key, member]) => `${/^\d+$/.test(key) ? key : toPhp(key)} => ${toPhp(member)}`,
    );
    return `[${entries.join(', ')}]`;
  }
  if (typeof value === 'string') return `'${value.replace(/[\\']/g, '\\$&')}'`;
  return JSON.stringify(value);
}
