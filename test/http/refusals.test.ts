import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TOTP } from 'otpauth';
import { worldTotpSecret } from '../support/world.ts';
import {
  callSts,
  startWorldBridge,
  userKeys,
  worldToken,
  type StsAnswer,
  type WorldBridge,
} from '../support/world-bridge.ts';

const ROLE = 'arn:aws:iam::111122223333:role/';

let world: WorldBridge;
beforeAll(async () => {
  world = await startWorldBridge();
});
afterAll(async () => {
  await world.stop();
});

async function webIdentity(role: string, claims: Readonly<Record<string, unknown>> = {}): Promise<StsAnswer> {
  return callSts(world, {
    Action: 'AssumeRoleWithWebIdentity',
    RoleArn: ROLE + role,
    RoleSessionName: 'ci',
    WebIdentityToken: await worldToken(world, claims),
  });
}

/** The body with what differs from request to request taken out. */
function comparable({ body }: StsAnswer): string {
  return body.replace(/<(Reference|EncodedMessage|RequestId)>[^<]*</g, '<$1><');
}

describe('a refusal', () => {
  test('looks the same for a role that does not exist and for one that does not trust the caller', async () => {
    const [unknown, refused] = [
      await webIdentity('no-such-role'),
      await webIdentity('web', { sub: 'user-2' }),
    ];
    expect(comparable(unknown)).toBe(comparable(refused));
    expect([unknown.status, refused.status]).toEqual([403, 403]);
    expect([...unknown.headers.keys()]).toEqual([...refused.headers.keys()]);
  });

  test('tells nothing of the policy (octo-sts CVE-2026-105770), but a reference in the body and a header', async () => {
    const answer = await webIdentity('web', { sub: 'user-2' });
    expect(answer.text('Message')).toBe('Not authorized to perform sts:AssumeRoleWithWebIdentity');
    expect(answer.body).not.toContain('user-1');
    expect(answer.text('Reference')).toMatch(/^[A-Z2-7]{4}-[A-Z2-7]{4}$/);
    expect(answer.headers.get('x-rolebridge-reference')).toBe(answer.text('Reference'));
  });

  test('ends its message with the reference where the configuration wants people to see it', async () => {
    await world.reconfigure({ extra: { sts: { errorReference: 'message' } } });
    const answer = await webIdentity('web', { sub: 'user-2' });
    expect(answer.text('Message')).toMatch(
      /^Not authorized to perform sts:AssumeRoleWithWebIdentity \(reference [A-Z2-7]{4}-[A-Z2-7]{4}\)$/,
    );
    await world.reconfigure({});
  });

  test('carries a message that DecodeAuthorizationMessage opens for those who may', async () => {
    const refused = await webIdentity('web', { sub: 'user-2' });
    const EncodedMessage = refused.text('EncodedMessage') ?? '';
    const decode = { Action: 'DecodeAuthorizationMessage', EncodedMessage };
    expect((await callSts(world, decode, userKeys('nopol'))).text('Code')).toBe('AccessDenied');
    const decoded = await callSts(world, decode, userKeys('alice'));
    expect(JSON.parse(decoded.text('DecodedMessage') ?? '')).toMatchObject({
      allowed: false,
      explicitDeny: false,
      context: { action: 'sts:AssumeRoleWithWebIdentity', resource: `${ROLE}web` },
      reference: refused.text('Reference'),
      trace: { outcome: 'implicitDeny' },
    });
    expect(decoded.text('DecodedMessage')).toContain('"actual":"user-2"');
  });

  test('whose message was changed by one character opens for nobody', async () => {
    const encoded = (await webIdentity('web', { sub: 'user-2' })).text('EncodedMessage') ?? '';
    const middle = Math.floor(encoded.length / 2);
    const EncodedMessage =
      encoded.slice(0, middle) + (encoded[middle] === 'A' ? 'B' : 'A') + encoded.slice(middle + 1);
    const answer = await callSts(
      world,
      { Action: 'DecodeAuthorizationMessage', EncodedMessage },
      userKeys('alice'),
    );
    expect(answer.text('Code')).toBe('InvalidAuthorizationMessageException');
  });
});

describe('the audit stream', () => {
  test('has one event for each decision, with the trace, and never a secret', async () => {
    const before = (await world.auditLines()).length;
    const token = await worldToken(world);
    const request = { Action: 'AssumeRoleWithWebIdentity', RoleSessionName: 'ci', WebIdentityToken: token };
    const allowed = await callSts(world, { ...request, RoleArn: `${ROLE}web` });
    const refused = await callSts(world, { ...request, RoleArn: `${ROLE}saml-only` });
    const failed = await callSts(world, { ...request, RoleArn: `${ROLE}web`, WebIdentityToken: `${token}x` });
    const events = (await world.auditLines()).slice(before);
    expect(events).toHaveLength(3);
    expect(events.map((event): unknown => JSON.parse(event))).toMatchObject([
      {
        eventName: 'AssumeRoleWithWebIdentity',
        requestID: allowed.headers.get('x-amzn-requestid'),
        userIdentity: { type: 'WebIdentityUser', userName: 'user-1' },
        responseElements: {
          credentials: { accessKeyId: allowed.text('AccessKeyId') },
          assumedRoleUser: { assumedRoleId: allowed.text('AssumedRoleId'), arn: allowed.text('Arn') },
          provider: 'https://idp.example.com',
          audience: 'client-1',
          subjectFromWebIdentityToken: 'user-1',
        },
        additionalEventData: {
          outcome: 'allowed',
          claims: { 'idp.example.com:sub': 'user-1' },
          decision: { outcome: 'allow', policies: [{ statements: [{ matched: true }] }] },
        },
      },
      { additionalEventData: { outcome: 'denied', reference: refused.text('Reference') } },
      {
        additionalEventData: { outcome: 'failed', reference: failed.text('Reference') },
        errorCode: 'InvalidIdentityToken',
      },
    ]);
    for (const secret of [
      token,
      token.split('.')[2],
      allowed.text('SecretAccessKey'),
      allowed.text('SessionToken'),
    ])
      expect(events.join('\n')).not.toContain(secret);
  });
});

describe('a second factor', () => {
  const alice = userKeys('alice');
  const SerialNumber = 'arn:aws:iam::111122223333:mfa/alice';
  const withCode = (TokenCode: string) =>
    callSts(world, { Action: 'GetSessionToken', SerialNumber, TokenCode }, alice);
  const code = (step: number) =>
    new TOTP({ secret: worldTotpSecret }).generate({ timestamp: Date.now() + step * 30_000 });

  test('opens a role that wants it, also later by the session that proved it', async () => {
    const assume = { Action: 'AssumeRole', RoleArn: `${ROLE}mfa`, RoleSessionName: 's1' };
    const plain = await callSts(world, { Action: 'GetSessionToken' }, alice);
    const proved = await withCode(code(-1));
    const statuses = [];
    for (const session of [plain, proved]) {
      const credentials = {
        accessKeyId: session.text('AccessKeyId') ?? '',
        secretAccessKey: session.text('SecretAccessKey') ?? '',
        sessionToken: session.text('SessionToken') ?? '',
      };
      statuses.push((await callSts(world, assume, credentials)).status);
    }
    expect(statuses).toEqual([403, 200]);
  });

  test('works once', async () => {
    const TokenCode = code(0);
    const answers = await Promise.all(Array.from({ length: 5 }, () => withCode(TokenCode)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  test('needs both its parameters, and a device of the caller', async () => {
    const missing = await callSts(world, { Action: 'GetSessionToken', SerialNumber }, alice);
    const foreign = await callSts(
      world,
      { Action: 'GetSessionToken', SerialNumber, TokenCode: code(1) },
      userKeys('nopol'),
    );
    expect(missing.text('Message')).toContain('must provide both MFA serial number and one time pass code');
    expect(foreign.text('Message')).toContain('Please verify your MFA serial number is valid');
  });

  test('cannot be guessed: after fifteen tries in five minutes the right code fails, too', async () => {
    const wrong = await Promise.all(
      Array.from({ length: 20 }, (_, index) => withCode(String(index).padStart(6, '0'))),
    );
    expect(wrong.every(({ status }) => status === 403)).toBe(true);
    expect((await withCode(code(1))).text('Message')).toBe(
      'MultiFactorAuthentication failed with invalid MFA one time pass code. ',
    );
  });
});
