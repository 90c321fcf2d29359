import { z } from 'zod';
import type { Person } from './person.ts';

const enrolled = {
  id: z.string(),
  name: z.string(),
  addedAtMs: z.number(),
  lastUsedAtMs: z.number().exactOptional(),
};

const factor = z.discriminatedUnion('kind', [
  z.strictObject({ ...enrolled, kind: z.literal('totp'), secret: z.string() }),
  z.strictObject({
    ...enrolled,
    kind: z.literal('passkey'),
    credentialId: z.string(),
    publicKey: z.string(),
    counter: z.number(),
    transports: z.array(z.string()),
  }),
]);

const personSchema = z.strictObject({
  providerArn: z.string(),
  subject: z.string(),
  profile: z.strictObject({ displayName: z.string().exactOptional(), email: z.string().exactOptional() }),
  firstSignInAtMs: z.number(),
  lastSignInAtMs: z.number(),
  factors: z.array(factor),
  recoveryCodes: z.array(z.strictObject({ hash: z.string(), usedAtMs: z.number().exactOptional() })),
  favourites: z.array(z.string()),
  recents: z.array(z.string()),
});

/** The text that is sealed for a store. */
export function encodePerson(person: Person): string {
  return JSON.stringify(person);
}

/** @throws Error for anything that {@link encodePerson} did not write */
export function decodePerson(text: string): Person {
  return personSchema.parse(JSON.parse(text));
}
