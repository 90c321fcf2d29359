import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { wrapAssertion, wrapMessage } from '../support/saml/attacks.ts';
import { toBase64 } from '../support/saml/identity-provider.ts';
import { callSts, startWorldBridge, type StsAnswer, type WorldBridge } from '../support/world-bridge.ts';
import { SAML_PROVIDER, worldResponseXml, type WorldResponse } from '../support/world-response.ts';

const caseSchema = z.object({
  id: z.string(),
  group: z.string(),
  why: z.string(),
  request: z.object({
    action: z.string().nullable(),
    version: z.string(),
    params: z.record(z.string(), z.string()),
    auth: z.string(),
    /** What the response is, in words. */
    saml: z.string().optional(),
  }),
  expect: z.object({
    status: z.number(),
    code: z.string().optional(),
    type: z.string().optional(),
    message: z.string().optional(),
    members: z
      .object({
        present: z.array(z.string()).default([]),
        NameQualifier: z.string().optional(),
        expiresIn: z.number().optional(),
      })
      .optional(),
  }),
});
type SamlCase = z.infer<typeof caseSchema>;

const cases = z
  .array(z.looseObject({ group: z.string() }))
  .parse(JSON.parse(readFileSync(new URL('../cases/sts.json', import.meta.url), 'utf8')))
  .filter(({ group }) => group === 'saml')
  .map((one) => caseSchema.parse(one));

let world: WorldBridge;
beforeAll(async () => {
  world = await startWorldBridge();
});
afterAll(async () => {
  await world.stop();
});

/** The responses of the case file's words that change what a good one says. */
const CHANGES: Readonly<Record<string, WorldResponse>> = {
  valid: {},
  'IssueInstant now-360': { issuedAt: -361, notBefore: -361 },
  'SubjectConfirmationData NotOnOrAfter in the past': { confirmedUntil: -61 },
  'other issuer': {
    issuer: 'https://other.example.com/idp',
    responseIssuer: 'https://other.example.com/idp',
  },
  'other audience': { audiences: ['urn:another'] },
  'RoleSessionName "John Doe"': { attributes: { 'aws:RoleSessionName': 'John Doe' } },
  'Role attribute for another role': {
    attributes: { 'aws:Role': `arn:aws:iam::111122223333:role/dev,${SAML_PROVIDER}` },
  },
  'SessionDuration 7200': { attributes: { 'aws:SessionDuration': '7200' } },
  'SessionDuration 1800': { attributes: { 'aws:SessionDuration': '1800' } },
};

/** Every response that the words stand for; base64. */
function responsesFor(words: string): readonly string[] {
  const changes = CHANGES[words];
  if (changes) return [toBase64(worldResponseXml(world, changes))];
  if (words === 'garbage') return ['not base64 !!', toBase64('this is no XML')];
  if (words === 'comment in NameID')
    return [toBase64(worldResponseXml(world).replace('>user-1<', '>user-1<!---->.evil<'))];
  if (words !== 'xsw1..xsw8') throw new Error(`nobody knows what "${words}" is`);
  const attacks = [
    ...wrapMessage(worldResponseXml(world, { signing: 'message' })),
    ...wrapAssertion(worldResponseXml(world, { signing: 'assertion' })),
  ].filter(({ name }) => name.startsWith('XSW'));
  expect(new Set(attacks.map(({ name }) => name.slice(0, 5))).size).toBe(8);
  return attacks.map(({ xml }) => toBase64(xml));
}

/** Assertions that the request is to be sent with. */
function assertionsOf({ request }: SamlCase): readonly string[] {
  if (request.saml !== undefined) return responsesFor(request.saml);
  const [, character = '', count] = /^(.)\*(\d+)$/.exec(request.params['SAMLAssertion'] ?? '') ?? [];
  return [character.repeat(Number(count))];
}

describe('the SAML cases of the STS (wire-spec 4)', () => {
  test('are all there', () => {
    expect(cases).toHaveLength(13);
  });

  test.each(cases.map((one) => [`${one.id}: ${one.why}`, one] as const))('%s', async (_, one) => {
    const { action, params } = one.request;
    for (const SAMLAssertion of assertionsOf(one)) {
      const answer = await callSts(world, { ...params, Action: action ?? '', SAMLAssertion });
      check(answer, one.expect);
    }
  });
});

function check(answer: StsAnswer, expected: SamlCase['expect']): void {
  expect(answer.status, answer.body).toBe(expected.status);
  if (expected.code !== undefined) expect(answer.text('Code')).toBe(expected.code);
  if (expected.type !== undefined) expect(answer.text('Type')).toBe(expected.type);
  if (expected.message !== undefined) expect(answer.text('Message')).toBe(expected.message);
  const { present = [], NameQualifier, expiresIn } = expected.members ?? {};
  for (const member of present) expect(answer.text(member)).toMatch(/./);
  // The case file has the formula, and the wire specification its value.
  if (NameQualifier !== undefined) expect(answer.text('NameQualifier')).toBe('uOI3elWFntnY8tuw0sYi2ads4/s=');
  if (expiresIn === undefined) return;
  const seconds = (Date.parse(answer.text('Expiration') ?? '') - Date.now()) / 1000;
  expect(seconds).toBeGreaterThan(expiresIn - 10);
  expect(seconds).toBeLessThanOrEqual(expiresIn);
}
