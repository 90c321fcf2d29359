import type { Person } from '../../domain/identity/person.ts';
import type { BrowserSession } from '../../domain/session/browser-session.ts';
import type { PortalDeps } from './portal-deps.ts';

const MAX_RECENTS = 5;
/** More is no choice any more; the oldest goes. */
const MAX_FAVOURITES = 50;

type Marks = Pick<Person, 'favourites' | 'recents'>;

/** Changes what a person marked, and nothing else of them. Throws as `People.update`. */
export function updateMarks(
  session: BrowserSession,
  change: (marks: Marks) => Partial<Marks>,
  { people }: Pick<PortalDeps, 'people'>,
): Promise<Person> {
  return people.update(session.signIn.identity, (person) => {
    const known = person ?? newcomer(session);
    return { ...known, ...change(known) };
  });
}

/** The role in front, once. */
export function withRecent({ recents }: Marks, roleArn: string): Partial<Marks> {
  return { recents: [roleArn, ...recents.filter((arn) => arn !== roleArn)].slice(0, MAX_RECENTS) };
}

export function withFavourite({ favourites }: Marks, roleArn: string): Partial<Marks> {
  return { favourites: [...without(favourites, roleArn), roleArn].slice(-MAX_FAVOURITES) };
}

export function withoutFavourite({ favourites }: Marks, roleArn: string): Partial<Marks> {
  return { favourites: without(favourites, roleArn) };
}

function without(arns: readonly string[], roleArn: string): readonly string[] {
  return arns.filter((arn) => arn !== roleArn);
}

// An operator may have removed the person while they are signed in.
function newcomer({ signIn, startedAtMs }: BrowserSession): Person {
  const { providerArn, subject } = signIn.identity;
  return {
    providerArn,
    subject,
    profile: signIn.profile,
    firstSignInAtMs: startedAtMs,
    lastSignInAtMs: startedAtMs,
    factors: [],
    recoveryCodes: [],
    favourites: [],
    recents: [],
  };
}
