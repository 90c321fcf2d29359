import { interactionPolicy, type Configuration } from 'oidc-provider';
import { z } from 'zod';
import { publicSubjectOf } from '../../domain/identity/person.ts';
import { authenticationOf } from '../../domain/session/authentication.ts';
import type { BrowserSession } from '../../domain/session/browser-session.ts';
import { acrWishOf, satisfiedAcr } from './acr-wish.ts';
import { OIDC_PATHS } from './oidc-paths.ts';
import { requireScope } from './provider-scope.ts';

type Interactions = Required<NonNullable<Configuration['interactions']>>;

const beganSchema = z.object({
  atMs: z.number(),
  signInId: z.string().exactOptional(),
  accountId: z.string().exactOptional(),
});

/** When an interaction began, epoch milliseconds, and in whose sign-in: what came later was done for it. */
export type Began = Readonly<z.infer<typeof beganSchema>>;

/** Reads what {@link createInteractionPolicy} noted. */
export function beganOf({ lastSubmission }: { readonly lastSubmission?: object | undefined }): Began {
  const { began } = z.object({ began: beganSchema }).parse(lastSubmission);
  return began;
}

/** When the library asks us to ask the person, and where. */
export function createInteractionPolicy(mfaRequired: 'always' | 'by-policy'): Interactions {
  const { base, Check, Prompt } = interactionPolicy;
  const policy = base();
  policy.add(new Prompt({ name: 'select_account', requestable: true }), 0);
  const secondFactor = new Check(
    'second_factor',
    'a second factor is wanted',
    'interaction_required',
    ({ oidc }) => wantsSecondFactor(oidc, mfaRequired),
  );
  // After the sign-in: before it nobody has a factor to prove.
  policy.add(new Prompt({ name: 'mfa', requestable: false }, secondFactor), 2);
  return {
    policy,
    url: async (_ctx, interaction) => {
      const { session, facts } = requireScope();
      const began: Began = { atMs: facts.timeMs, ...(session && whose(session)) };
      interaction.lastSubmission = { ...interaction.lastSubmission, began };
      // The library holds an interaction to the session that it began in. A sign-in anew, which most of them lead to, ends that
      // session; consent alone is of one session, and stays so.
      if (interaction.prompt.name !== 'consent') interaction.session = undefined;
      await interaction.persist();
      return `${OIDC_PATHS.interaction}/${interaction.uid}`;
    },
  };
}

function whose({ signInId, signIn }: BrowserSession): Pick<Began, 'signInId' | 'accountId'> {
  return { signInId, accountId: publicSubjectOf(signIn.identity) };
}

type Asking = {
  readonly params?: Readonly<Record<string, unknown>> | undefined;
  readonly result?: Readonly<Record<string, unknown>> | undefined;
};

// Essential values are checked by the library itself, with the sign-in; a wish must not fail what came without any interaction.
function wantsSecondFactor({ params = {}, result }: Asking, mfaRequired: 'always' | 'by-policy'): boolean {
  const { session } = requireScope();
  if (session === undefined) return false;
  if (mfaRequired === 'always' && session.mfa === undefined) return true;
  const wish = acrWishOf(params);
  if (wish === undefined || wish.essential || wish.values.length === 0) return false;
  if (result?.['mfa'] !== undefined || params['prompt'] === 'none') return false;
  return satisfiedAcr(wish, authenticationOf(session).acr) === undefined;
}
