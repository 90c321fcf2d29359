import type { Profile } from '../../domain/identity/person.ts';
import { type JsonObject, ownMember } from './json-object.ts';

const MAX_NAME_CHARS = 200;
const MAX_EMAIL_CHARS = 254;
const NAME_CLAIMS = ['name', 'preferred_username', 'cognito:username', 'nickname'];
/** What would break a line or turn the direction of the text around it. */
const UNSHOWABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;

/** What people recognise somebody by; it decides nothing, so what cannot be shown is left out. */
export function readProfile(claims: JsonObject): Profile {
  const fullName = [readText(claims, 'given_name'), readText(claims, 'family_name')]
    .filter((part) => part !== undefined)
    .join(' ');
  const [name, ...otherNames] = NAME_CLAIMS.map((claim) => readText(claims, claim));
  const displayName = [name, fullName, ...otherNames].find((text) => text !== undefined && text !== '');
  const email = readText(claims, 'email', MAX_EMAIL_CHARS);
  return {
    ...(displayName === undefined ? {} : { displayName }),
    ...(email?.includes('@') === true ? { email } : {}),
  };
}

function readText(claims: JsonObject, name: string, maxChars = MAX_NAME_CHARS): string | undefined {
  const value = ownMember(claims, name);
  if (typeof value !== 'string' || value.length > maxChars || UNSHOWABLE.test(value)) return undefined;
  return value.trim() === '' ? undefined : value.trim();
}
