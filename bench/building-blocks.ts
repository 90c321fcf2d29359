import { createSecretKey, randomBytes } from 'node:crypto';
import { parseAuthorization } from '../src/protocols/sigv4/parse-authorization.ts';
import { verifySignature } from '../src/protocols/sigv4/verify-signature.ts';
import { createSealer } from '../src/keys/seal.ts';
import { decodeSession, encodeSession } from '../src/stores/session-record.ts';
import { receivedRequest } from '../test/support/received-request.ts';
import { sampleSession } from '../test/support/sample-session.ts';
import { signRequest } from '../test/support/sign-request.ts';
import { short, type Report } from './report.ts';
import { timeEach } from './timing.ts';

/** What the parts of a request cost; for comparison between versions, without a target. */
export function measureBuildingBlocks(report: Report): void {
  const session = sampleSession();
  const record = encodeSession(session);
  const sealer = createSealer([{ id: 'bench', key: createSecretKey(randomBytes(32)) }]);
  const sealed = sealer.seal('x'.repeat(40), 'session:bench');
  const calls = {
    'verify a SigV4 header signature': signatureCheck(),
    'encode a session record': () => encodeSession(session),
    'decode a session record, claims left packed': () => decodeSession(session.accessKeyId, record),
    'decode a session record with its claims': () => decodeSession(session.accessKeyId, record).claims,
    'seal a secret': () => sealer.seal('x'.repeat(40), 'session:bench'),
    'open a secret': () => sealer.open(sealed, 'session:bench'),
  };
  const times = timeEach(Object.values(calls));
  report.section('Building blocks');
  for (const [index, name] of Object.keys(calls).entries())
    report.figure({ name, measured: `${short(times[index] ?? NaN)} µs` });
}

function signatureCheck(): () => void {
  const secretAccessKey = 'x'.repeat(40);
  const at = new Date();
  const parts = signRequest({
    method: 'POST',
    url: 'http://127.0.0.1/',
    body: 'Action=GetCallerIdentity&Version=2011-06-15',
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    credentials: { accessKeyId: 'ASIAAAAAAAAAAAAAAAAA', secretAccessKey, sessionToken: 'x'.repeat(128) },
    at,
  });
  const request = receivedRequest(parts);
  return () => {
    const authorization = parseAuthorization(request);
    if (authorization === undefined) throw new Error('not signed');
    verifySignature({ request, authorization, secretAccessKey, nowMs: at.getTime(), service: 'sts' });
  };
}
