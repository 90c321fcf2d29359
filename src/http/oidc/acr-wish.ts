import { z } from 'zod';
import { ACR, type Acr } from '../../domain/session/authentication.ts';

/** How well an application wants the person to be known, the best liked first. */
export type AcrWish = {
  /** Those that we know; others cannot be had. */
  readonly values: readonly Acr[];
  /** Without one of them the request fails; else it is a wish only. */
  readonly essential: boolean;
};

/** Each includes those before it. */
const LEVELS: readonly Acr[] = [ACR.signIn, ACR.mfa, ACR.phishingResistant];

const claimsSchema = z.object({
  id_token: z
    .object({
      acr: z
        .object({
          essential: z.boolean().optional(),
          value: z.string().optional(),
          values: z.array(z.string()).optional(),
        })
        .nullish(),
    })
    .optional(),
});

/**
 * Reads `acr_values`, which comes first, and the `claims` parameter of an authorization request.
 *
 * @see OpenID Connect Core 3.1.2.1, 5.5.1.1
 */
export function acrWishOf(params: Readonly<Record<string, unknown>>): AcrWish | undefined {
  const { acr_values: acrValues } = params;
  if (typeof acrValues === 'string' && acrValues !== '')
    return { values: known(acrValues.split(' ')), essential: false };
  const acr = acrClaimOf(params['claims']);
  const values = acr?.values ?? (acr?.value === undefined ? undefined : [acr.value]);
  return values && { values: known(values), essential: acr?.essential ?? false };
}

/** The wanted value that a sign-in satisfies: what its tokens say, as the application compares texts. */
export function satisfiedAcr({ values }: AcrWish, actual: Acr): Acr | undefined {
  return values.find((value) => LEVELS.indexOf(value) <= LEVELS.indexOf(actual));
}

function known(values: readonly string[]): readonly Acr[] {
  return values.flatMap((value) => LEVELS.filter((level) => level === value));
}

function acrClaimOf(text: unknown) {
  if (typeof text !== 'string') return undefined;
  try {
    return claimsSchema.parse(JSON.parse(text)).id_token?.acr ?? undefined;
  } catch {
    // The library has refused what is no claims parameter at all.
    return undefined;
  }
}
