import type { KeyObject } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { FederationError } from '../../domain/errors.ts';
import type { SamlSignatureAlgorithm } from '../../domain/identity/saml-provider.ts';
import {
  findSignatureAlgorithm,
  isSignedByAny,
  signatureMethodUri,
  signText,
} from './signature-algorithms.ts';

/** The parameter that carries a message says whether it asks or answers. */
export type MessageKind = 'SAMLRequest' | 'SAMLResponse';

/** A signature beside a message, as the redirect binding has it. */
export type DetachedSignature = {
  /** The octets that were signed: the parameters as they stood in the query. */
  readonly text: string;
  /** URI. */
  readonly algorithm: string;
  /** Base64. */
  readonly value: string;
};

/** A message as a browser brought it: nothing of it is verified. */
export type ReceivedMessage = {
  readonly kind: MessageKind;
  /** Base64; by redirect it is of the deflated XML. */
  readonly encoded: string;
  readonly relayState?: string;
} & ({ readonly binding: 'post' } | { readonly binding: 'redirect'; readonly signature?: DetachedSignature });

export type OutgoingMessage = {
  readonly kind: MessageKind;
  readonly xml: string;
  readonly relayState?: string;
};

const KINDS = ['SAMLRequest', 'SAMLResponse'] as const satisfies MessageKind[];
const DEFLATE_ENCODING = 'urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE';
/** @see SAML Bindings 3.4.3 and 3.5.3 */
const MAX_RELAY_STATE_BYTES = 80;
const MAX_ENCODED_CHARS = 100_000;
/** A few deflated bytes may stand for gigabytes. */
const MAX_XML_BYTES = 100_000;

/**
 * The URL that carries a message by the redirect binding.
 *
 * @param signing absent: the message goes unsigned
 * @see SAML Bindings 3.4.4
 */
export function redirectUrl(
  location: string,
  { kind, xml, relayState }: OutgoingMessage,
  signing?: { readonly key: KeyObject; readonly algorithm: SamlSignatureAlgorithm },
): string {
  const parameters = [`${kind}=${encodeURIComponent(deflateRawSync(xml).toString('base64'))}`];
  if (relayState !== undefined) parameters.push(`RelayState=${encodeURIComponent(relayState)}`);
  if (signing !== undefined) {
    parameters.push(`SigAlg=${encodeURIComponent(signatureMethodUri(signing.algorithm))}`);
    const signature = signText(parameters.join('&'), signing.algorithm, signing.key);
    parameters.push(`Signature=${encodeURIComponent(signature)}`);
  }
  return `${location}${location.includes('?') ? '&' : '?'}${parameters.join('&')}`;
}

/** The fields of the form that carries a message by the POST binding. @see SAML Bindings 3.5.4 */
export function postFields({ kind, xml, relayState }: OutgoingMessage): Readonly<Record<string, string>> {
  const message = { [kind]: Buffer.from(xml).toString('base64') };
  return relayState === undefined ? message : { ...message, RelayState: relayState };
}

/**
 * Reads the message in a query string as it came, without `?`.
 *
 * @throws FederationError `malformed-input`
 */
export function parseRedirect(rawQuery: string): ReceivedMessage {
  const raw = rawParameters(rawQuery);
  const { kind, encoded, relayState } = messageIn((name) => decode(raw.get(name)));
  const encoding = decode(raw.get('SAMLEncoding'));
  if (encoding !== undefined && encoding !== DEFLATE_ENCODING) throw malformed('SAMLEncoding is not DEFLATE');
  const signature = signatureIn(raw, kind);
  return {
    binding: 'redirect',
    kind,
    encoded,
    ...(relayState === undefined ? {} : { relayState }),
    ...(signature === undefined ? {} : { signature }),
  };
}

/**
 * Reads the message in a form (`application/x-www-form-urlencoded`).
 *
 * @throws FederationError `malformed-input`
 */
export function parsePost(form: string): ReceivedMessage {
  const raw = rawParameters(form);
  const { kind, encoded, relayState } = messageIn((name) => decode(raw.get(name)));
  return { binding: 'post', kind, encoded, ...(relayState === undefined ? {} : { relayState }) };
}

/**
 * The XML of a message, at most 100,000 bytes.
 *
 * @throws FederationError `malformed-input`
 */
export function xmlOf({ binding, encoded }: ReceivedMessage): string {
  const bytes = decodeBase64(encoded);
  try {
    const xml = binding === 'post' ? bytes : inflateRawSync(bytes, { maxOutputLength: MAX_XML_BYTES });
    return new TextDecoder('utf-8', { fatal: true }).decode(xml);
  } catch (cause) {
    throw malformed('the message is not deflated UTF-8 text of at most 100,000 bytes', cause);
  }
}

/** Whether one of the keys made the signature, by an algorithm that is allowed. */
export function isSignatureValid(
  { text, algorithm, value }: DetachedSignature,
  keys: readonly KeyObject[],
  allowed: readonly SamlSignatureAlgorithm[],
): boolean {
  const known = findSignatureAlgorithm(algorithm, allowed);
  return known !== undefined && isSignedByAny(text, value, known, keys);
}

/** Each once: of two parameters of one name the signature would cover the one and the reader take the other. */
function rawParameters(query: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const pair of query.split('&')) {
    const [name = '', ...value] = pair.split('=');
    if (parameters.has(name)) throw malformed('a parameter is there twice');
    parameters.set(name, value.join('='));
  }
  return parameters;
}

function messageIn(read: (name: string) => string | undefined) {
  const found = KINDS.flatMap((kind) => {
    const encoded = read(kind);
    return encoded === undefined ? [] : [{ kind, encoded }];
  });
  const [message, ...others] = found;
  if (message === undefined || others.length > 0)
    throw malformed('not exactly one of SAMLRequest and SAMLResponse');
  if (message.encoded.length > MAX_ENCODED_CHARS) throw malformed('the message is too long');
  return { ...message, relayState: read('RelayState') };
}

/** What was signed is the text that the sender wrote: encoding it anew could write it in another way. */
function signatureIn(raw: ReadonlyMap<string, string>, kind: MessageKind): DetachedSignature | undefined {
  const [algorithm, value] = [decode(raw.get('SigAlg')), decode(raw.get('Signature'))];
  if (algorithm === undefined && value === undefined) return undefined;
  if (algorithm === undefined || value === undefined) throw malformed('SigAlg and Signature go together');
  const signed = [kind, 'RelayState', 'SigAlg'].filter((name) => raw.has(name));
  return { text: signed.map((name) => `${name}=${raw.get(name) ?? ''}`).join('&'), algorithm, value };
}

function decode(raw: string | undefined): string | undefined {
  if (raw === undefined) return undefined;
  try {
    return decodeURIComponent(raw.replaceAll('+', ' '));
  } catch (cause) {
    throw malformed('a parameter is not URL-encoded UTF-8', cause);
  }
}

// Node skips what is not base64, so two texts would be one message. Line breaks are common, and harmless.
function decodeBase64(encoded: string): Buffer {
  const text = encoded.replace(/[\r\n\t ]/g, '');
  const bytes = Buffer.from(text, 'base64');
  if (text === '' || bytes.toString('base64') !== text) throw malformed('the message is not base64');
  return bytes;
}

/** Whether a RelayState is of a size that may be sent back. */
export function isRelayStateShort(relayState: string): boolean {
  return Buffer.byteLength(relayState) <= MAX_RELAY_STATE_BYTES;
}

function malformed(reason: string, cause?: unknown): FederationError {
  const text = 'The SAML message is malformed';
  return new FederationError('malformed-input', reason, { params: { text }, cause });
}
