import { hash } from 'node:crypto';
import type { Random } from '../credentials/credentials.ts';
import { plainCode } from './plain-code.ts';
import type { RecoveryCode } from './factor.ts';
import { createBase32 } from './random-base32.ts';

const CODES = 10;
/** 80 bits. */
const CHARACTERS = 16;
const FORM = /^[A-Z2-7]{16}$/;

/** Ten codes `ABCD-EFGH-IJKL-MNOP` for their owner, and what we keep of them. */
export function createRecoveryCodes(random: Random): {
  readonly codes: readonly string[];
  readonly kept: readonly RecoveryCode[];
} {
  const plain = Array.from({ length: CODES }, () => createBase32(CHARACTERS, random));
  return {
    codes: plain.map((code) => code.replace(/.{4}(?=.)/g, '$&-')),
    kept: plain.map((code) => ({ hash: hashOf(code) })),
  };
}

/** What we keep of the code that somebody typed; `undefined` for what is no code at all. */
export function recoveryCodeHash(typed: string): string | undefined {
  const code = plainCode(typed).toUpperCase();
  return FORM.test(code) ? hashOf(code) : undefined;
}

export function recoveryCodesLeft(codes: readonly RecoveryCode[]): number {
  return codes.filter(({ usedAtMs }) => usedAtMs === undefined).length;
}

/** Neither salted nor slow: nobody can try 2⁸⁰ codes. */
function hashOf(code: string): string {
  return hash('sha256', code, 'hex');
}
