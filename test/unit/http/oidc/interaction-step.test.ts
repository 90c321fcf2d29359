import { expect, test } from 'vitest';
import { ACR } from '../../../../src/domain/session/authentication.ts';
import type { BrowserSession } from '../../../../src/domain/session/browser-session.ts';
import {
  interactionStep,
  type AskedInteraction,
  type InteractionStep,
} from '../../../../src/http/oidc/interaction-step.ts';
import { makeSignIn } from '../../../support/sign-in.ts';

const BEGAN_MS = 1_000_000;
const OLD: BrowserSession = {
  id: 'id',
  signInId: 'old',
  signIn: makeSignIn(),
  startedAtMs: BEGAN_MS - 60_000,
  lastSeenAtMs: BEGAN_MS,
  endsAtMs: BEGAN_MS + 3_600_000,
  sourceIp: '192.0.2.1',
  userAgent: '',
};
const NEW = { ...OLD, signInId: 'new', startedAtMs: BEGAN_MS + 5 };
const withMfa = (method: 'totp' | 'passkey', atMs: number): BrowserSession => ({
  ...OLD,
  mfa: { method, authenticatedAtMs: atMs },
});

function step(
  session: BrowserSession,
  asked: { readonly name?: string; readonly reasons?: readonly string[]; readonly params?: object },
  mfaRequired: 'always' | 'by-policy' = 'by-policy',
): InteractionStep {
  const { name = 'login', reasons = [], params = {} } = asked;
  const interaction: AskedInteraction = {
    began: { atMs: BEGAN_MS, signInId: 'old' },
    params: { ...params },
    prompt: { name, reasons, details: {} },
  };
  return interactionStep(interaction, { session, mfaRequired, nowMs: BEGAN_MS + 10 });
}

const PHR = { acr_values: ACR.phishingResistant };
const ESSENTIAL = {
  claims: JSON.stringify({ id_token: { acr: { essential: true, values: [ACR.phishingResistant] } } }),
};

test('wants a sign-in from after the request for prompt=login (OpenID Connect Core 3.1.2.1)', () => {
  const asked = { reasons: ['login_prompt'] };
  expect(step(OLD, asked)).toEqual({ kind: 'sign-in', prompt: 'login' });
  expect(step(NEW, asked)).toEqual({ kind: 'signed-in' });
});

test('lets another account be chosen', () => {
  const asked = { name: 'select_account', reasons: ['select_account_prompt'] };
  expect(step(OLD, asked)).toEqual({ kind: 'sign-in', prompt: 'select_account' });
});

test('takes a young proof of a second factor for max_age, and else a sign-in', () => {
  const asked = { reasons: ['max_age'], params: { max_age: 30 } };
  expect(step(OLD, asked)).toEqual({ kind: 'sign-in', prompt: 'login' });
  expect(step(withMfa('totp', BEGAN_MS - 50_000), asked)).toEqual({
    kind: 'second-factor',
    sinceMs: BEGAN_MS,
  });
  expect(step(withMfa('totp', BEGAN_MS + 1), asked)).toEqual({ kind: 'signed-in' });
});

test('asks for a second factor once, and goes on without what cannot be had where it is a wish', () => {
  const asked = { name: 'mfa', reasons: ['second_factor'], params: PHR };
  expect(step(OLD, asked)).toEqual({ kind: 'second-factor', sinceMs: BEGAN_MS });
  expect(step(withMfa('totp', BEGAN_MS + 1), asked)).toEqual({ kind: 'signed-in' });
});

test('refuses after one try where it is essential (OpenID Connect Core 5.5.1.1)', () => {
  const asked = { reasons: ['essential_acrs'], params: ESSENTIAL };
  expect(step(OLD, asked)).toEqual({ kind: 'second-factor', sinceMs: BEGAN_MS });
  expect(step(withMfa('totp', BEGAN_MS + 1), asked)).toEqual({
    kind: 'refused',
    error: 'unmet_authentication_requirements',
  });
  expect(step(withMfa('passkey', BEGAN_MS - 50_000), asked)).toEqual({ kind: 'signed-in' });
});

test('refuses at once what nobody could bring', () => {
  const claims = JSON.stringify({ id_token: { acr: { essential: true, value: 'urn:made-up' } } });
  const refused = { kind: 'refused', error: 'unmet_authentication_requirements' };
  expect(step(OLD, { reasons: ['essential_acr'], params: { claims } })).toEqual(refused);
});

test('wants a second factor of everybody where the installation does, before consent, too', () => {
  expect(step(OLD, { name: 'consent' }, 'always')).toEqual({ kind: 'second-factor', sinceMs: 0 });
  expect(step(OLD, { name: 'consent' })).toEqual({ kind: 'consent' });
});
