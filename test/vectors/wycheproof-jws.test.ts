import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { FederationError } from '../../src/domain/errors.ts';
import { TOKEN_ALGORITHMS } from '../../src/domain/identity/oidc-provider.ts';
import { createJwkSet } from '../../src/keys/jwk-set.ts';
import { parseCompactJws } from '../../src/protocols/oidc/compact-jws.ts';
import { verifyJws } from '../../src/protocols/oidc/verify-jws.ts';

/**
 * Where our answer differs from Wycheproof's, by test case, and why. Whatever is not listed must agree; whatever is
 * listed must still differ, so the table cannot outlive its reasons. `docs/wycheproof-triage.md` is its summary.
 */
const DIFFERENCES: readonly { readonly cases: readonly number[]; readonly why: string }[] = [
  {
    cases: [1, 348, 352, 357, 358, 359, 376, 377],
    why: 'HS256: symmetric algorithms are refused whatever the key, as every holder of the secret could sign',
  },
  {
    cases: [372, 373],
    why: 'HS256, and a stray character within base64url: Wycheproof lets a decoder skip it (RFC 7515 2 does not)',
  },
  {
    cases: [346, 350],
    why: 'RFC 7520 figure 20 is PS384 while the vector’s key says alg PS256: a key serves the algorithm that it names',
  },
  {
    cases: [347, 351],
    why: 'RFC 7520 figure 27 is ES512 while the vector’s key says alg ES521, which is no algorithm',
  },
];

const vectorsFolder = process.env['ROLEBRIDGE_VECTORS'] ?? '../shared/vectors';
const vectorsFile = join(vectorsFolder, 'jose/json_web_signature_test.json');

const jwk = z.record(z.string(), z.unknown());
const vectors = z.object({
  numberOfTests: z.number(),
  testGroups: z.array(
    z.object({
      comment: z.string(),
      public: jwk.optional(),
      private: jwk.optional(),
      tests: z.array(
        z.object({
          tcId: z.number(),
          comment: z.string(),
          jws: z.union([z.string(), z.record(z.string(), z.unknown())]),
          result: z.enum(['valid', 'invalid']),
        }),
      ),
    }),
  ),
});

/** The steps that verifyIdToken takes from the text to the signature; the payloads here are no claims. */
async function isAccepted(token: string, key: object | undefined): Promise<boolean> {
  try {
    const jws = parseCompactJws(token);
    const algorithm = TOKEN_ALGORITHMS.find((known) => known === jws.header['alg']);
    const keyId = jws.header['kid'];
    if (algorithm === undefined) return false;
    const found = await createJwkSet([key]).find({
      algorithm,
      ...(typeof keyId === 'string' ? { keyId } : {}),
    });
    if (found === undefined) return false;
    verifyJws(jws, found, TOKEN_ALGORITHMS);
    return true;
  } catch (error) {
    if (error instanceof FederationError) return false;
    throw error;
  }
}

describe('Wycheproof JSON Web Signature', () => {
  if (!existsSync(vectorsFile)) {
    const missing = `${vectorsFile} is missing (ROLEBRIDGE_VECTORS names the folder of vectors)`;
    // The reporter shows no titles of skipped tests.
    process.stderr.write(`skipped: 401 Wycheproof cases, ${missing}\n`);
    it.skip(`401 cases: ${missing}`, () => undefined);
    return;
  }
  const { numberOfTests, testGroups } = vectors.parse(JSON.parse(readFileSync(vectorsFile, 'utf8')));
  const cases = testGroups.flatMap((group) =>
    group.tests.map((test) => ({ ...test, group: group.comment, key: group.public ?? group.private })),
  );
  const differing = new Set(DIFFERENCES.flatMap((difference) => difference.cases));

  it('brings all of its cases', () => {
    expect(cases).toHaveLength(numberOfTests);
    expect(numberOfTests).toBe(401);
  });

  it.each(cases)('$tcId $group $comment', async ({ tcId, jws, key, result }) => {
    const token = typeof jws === 'string' ? jws : JSON.stringify(jws);
    const agrees = (await isAccepted(token, key)) === (result === 'valid');
    expect(agrees).toBe(!differing.has(tcId));
  });

  it('never makes us accept what Wycheproof calls invalid', () => {
    const laxer = cases.filter(({ tcId, result }) => differing.has(tcId) && result === 'invalid');
    expect(laxer).toEqual([]);
  });
});
