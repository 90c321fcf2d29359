import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { SignedRequest } from '../../../../src/protocols/sigv4/signed-request.ts';
import { outcomeOf, type Situation } from './outcome.ts';

const FOLDER = join(process.env['ROLEBRIDGE_VECTORS'] ?? '../shared/vectors', 'sigv4/v4');
const isThere = existsSync(FOLDER);
const context = z.object({
  credentials: z.object({
    access_key_id: z.string(),
    secret_access_key: z.string(),
    token: z.string().optional(),
  }),
  normalize: z.boolean(),
  service: z.string(),
  timestamp: z.string(),
  omit_session_token: z.boolean().optional(),
});

const cases = isThere ? readdirSync(FOLDER) : [];
const variants = cases.flatMap((name) => [
  { name, form: 'header' as const },
  { name, form: 'query' as const },
]);
// Here the token is added after signing. That is how a stolen signature gets another session's token, so we refuse it (wire facts 7.1).
const TOKEN_AFTER_SIGNING = 'post-sts-header-after';

const skipped = isThere ? '' : ` - skipped: ${FOLDER} is missing`;
describe.skipIf(!isThere)(`the 38 published signing cases in both forms (aws-c-auth)${skipped}`, () => {
  test('are all there', () => {
    expect(cases).toHaveLength(38);
  });

  test.each(variants.filter(({ name }) => name !== TOKEN_AFTER_SIGNING))(
    'accepts $name in $form form',
    (variant) => {
      const { request, situation } = load(variant);
      expect(outcomeOf(request, situation)).toBe('accepted');
    },
  );

  test.each(variants.filter(({ name }) => name === TOKEN_AFTER_SIGNING))(
    'accepts $name in $form form without the token, and refuses it with the token that nobody signed',
    (variant) => {
      const { request, situation } = load(variant);
      const { accessKeyId, secretAccessKey } = situation.credentials;
      const withoutToken = { ...situation, credentials: { accessKeyId, secretAccessKey } };
      expect(outcomeOf(request, situation)).toBe('signature-mismatch');
      expect(outcomeOf(stripToken(request), withoutToken)).toBe('accepted');
    },
  );

  test.each(variants)('refuses $name in $form form after any flipped bit', (variant) => {
    const { request, situation } = load(variant);
    const accepted = [...tamperings(request)].filter(
      (tampered) => outcomeOf(tampered, situation) === 'accepted',
    );
    expect(accepted).toEqual([]);
  });

  test.each(variants)('refuses $name in $form form for another secret, service or time', (variant) => {
    const { request, situation } = load(variant);
    const secretAccessKey = `${situation.credentials.secretAccessKey}x`;
    const others: Situation[] = [
      { ...situation, credentials: { ...situation.credentials, secretAccessKey } },
      { ...situation, service: 'sts' },
      { ...situation, nowMs: situation.nowMs + 901_000 },
      { ...situation, nowMs: situation.nowMs - 901_000 },
    ];
    expect(others.map((other) => outcomeOf(request, other))).not.toContain('accepted');
  });
});

function load({ name, form }: { name: string; form: 'header' | 'query' }) {
  const read = (file: string) => readFileSync(join(FOLDER, name, file), 'utf8');
  const { credentials, normalize, service, timestamp } = context.parse(JSON.parse(read('context.json')));
  const situation: Situation = {
    credentials: {
      accessKeyId: credentials.access_key_id,
      secretAccessKey: credentials.secret_access_key,
      ...(credentials.token === undefined ? {} : { sessionToken: credentials.token }),
    },
    nowMs: Date.parse(timestamp),
    service,
    pathForm: normalize ? 'normalized' : 'as-sent',
  };
  return { request: parseHttp(read(`${form}-signed-request.txt`)), situation };
}

function parseHttp(text: string): SignedRequest {
  const [head = '', rest = ''] = splitOnce(text, '\n\n');
  const [requestLine = '', headerText = ''] = splitOnce(head, '\n');
  // The target of some cases holds a blank.
  const target = requestLine.slice(requestLine.indexOf(' ') + 1, requestLine.lastIndexOf(' '));
  const [rawPath = '', rawQuery = ''] = splitOnce(target, '?');
  const headers = headerText.split(/\n(?! )/).map((line): [string, string] => {
    const [name = '', value = ''] = splitOnce(line, ':');
    return [name.toLowerCase(), value];
  });
  const length = Number(headers.find(([name]) => name === 'content-length')?.[1] ?? 0);
  const method = requestLine.slice(0, requestLine.indexOf(' '));
  return { method, rawPath, rawQuery, headers, body: Buffer.from(rest).subarray(0, length) };
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}

function stripToken(request: SignedRequest): SignedRequest {
  return {
    ...request,
    headers: request.headers.filter(([name]) => name !== 'x-amz-security-token'),
    rawQuery: request.rawQuery.replace(/&X-Amz-Security-Token=[^&]*/, ''),
  };
}

function* tamperings(request: SignedRequest): Generator<SignedRequest> {
  yield { ...request, method: request.method === 'GET' ? 'POST' : 'GET' };
  yield { ...request, rawPath: `${request.rawPath}x` };
  yield { ...request, rawQuery: request.rawQuery === '' ? 'a=b' : `${request.rawQuery}&a=b` };
  yield { ...request, body: Buffer.concat([request.body, Buffer.from('x')]) };
  for (let at = 0; at < request.rawQuery.length; at += 1) {
    yield { ...request, rawQuery: flip(request.rawQuery, at) };
  }
  for (const [index, [name, value]] of request.headers.entries()) {
    for (let at = 0; at < value.length; at += 1) {
      yield { ...request, headers: request.headers.with(index, [name, flip(value, at)]) };
    }
    yield { ...request, headers: request.headers.toSpliced(index, 1) };
    yield { ...request, headers: request.headers.toSpliced(index, 0, [name, value]) };
  }
}

function flip(text: string, at: number): string {
  return text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ 1) + text.slice(at + 1);
}
