import { personKeyOf, type Person } from '../domain/identity/person.ts';
import { recoveryCodesLeft } from '../domain/mfa/recovery-codes.ts';
import { formatTable } from './output.ts';

/** Of the columns of {@link personRow}. */
export const HEADINGS = ['PERSON', 'NAME', 'E-MAIL', 'FACTORS', 'CODES LEFT', 'LAST SIGN-IN'];

/** One line of the list. */
export function personRow(person: Person): string[] {
  const { profile, factors, recoveryCodes, lastSignInAtMs } = person;
  const kinds = factors.map(({ kind }) => kind).join(', ');
  return [
    plain(personKeyOf(person)),
    plain(profile.displayName ?? '-'),
    plain(profile.email ?? '-'),
    kinds === '' ? '-' : kinds,
    String(recoveryCodesLeft(recoveryCodes)),
    iso(lastSignInAtMs),
  ];
}

/** One person, line by line. */
export function describePerson(person: Person): readonly string[] {
  const [key = '', name = '', email = '', , codes = '', lastSignIn = ''] = personRow(person);
  const lines = person.factors.map((factor) => [
    factor.kind,
    plain(factor.name),
    iso(factor.addedAtMs),
    factor.lastUsedAtMs === undefined ? 'never' : iso(factor.lastUsedAtMs),
  ]);
  return [
    `person         ${key}`,
    `name           ${name}`,
    `e-mail         ${email}`,
    `first sign-in  ${iso(person.firstSignInAtMs)}`,
    `last sign-in   ${lastSignIn}`,
    `codes left     ${codes}`,
    lines.length === 0 ? 'no factors' : formatTable([['FACTOR', 'NAME', 'ADDED', 'LAST USED'], ...lines]),
  ];
}

/** What may be shown of a person: no secret, no key, no hash of a code. */
export function summarizePerson(person: Person): Readonly<Record<string, unknown>> {
  const { profile, factors, recoveryCodes, firstSignInAtMs, lastSignInAtMs } = person;
  return {
    person: personKeyOf(person),
    ...profile,
    factors: factors.map(({ id, kind, name, addedAtMs, lastUsedAtMs }) => ({
      ...{ id, kind, name, addedAt: iso(addedAtMs) },
      ...(lastUsedAtMs === undefined ? {} : { lastUsedAt: iso(lastUsedAtMs) }),
    })),
    recoveryCodesLeft: recoveryCodesLeft(recoveryCodes),
    firstSignInAt: iso(firstSignInAtMs),
    lastSignInAt: iso(lastSignInAtMs),
  };
}

// Names come from people and providers: on a terminal they must not move the cursor.
export function plain(text: string): string {
  return text.replace(/[\p{C}\u2028\u2029]/gu, '\ufffd');
}

function iso(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
