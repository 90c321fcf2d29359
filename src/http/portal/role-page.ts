import { FederationError } from '../../domain/errors.ts';
import type { AssumedRole } from '../../domain/federation/assume-role.ts';
import { assumeRoleAsPerson, personDraft } from '../../domain/federation/assume-role-as-person.ts';
import { audited } from '../../domain/federation/audited.ts';
import type { WantedRole } from '../../domain/federation/signed-in-person.ts';
import type { Person } from '../../domain/identity/person.ts';
import { seeOther, type PersonExchange } from '../page-exchange.ts';
import { malformed } from '../read-form.ts';
import { renderCredentialBlocks } from './credential-blocks.ts';
import { updateMarks, withRecent } from './marks.ts';
import { gateOf, personOf, type PortalDeps } from './portal-deps.ts';
import { isRoleRefusal, requireRole, showNotFound } from './require-role.ts';
import { rolePathOf, type RolePath } from './role-path.ts';
import { toRow } from './role-rows.ts';

const USUAL_SECONDS = 3600;
const LEAST_SECONDS = 900;

/** `GET /roles/{arn}`: choose for how long. */
export async function showRole(exchange: PersonExchange, path: RolePath, deps: PortalDeps): Promise<void> {
  const found = await requireRole(exchange, path, 'ViewRole', deps);
  if (found === undefined) return;
  const person = await deps.people.find(exchange.session.signIn.identity);
  const asked = Number(new URLSearchParams(exchange.ctx.querystring).get('duration'));
  const { durations } = found;
  const selected = [asked, USUAL_SECONDS].find((seconds) => durations.includes(seconds)) ?? durations.at(-1);
  exchange.show('role', {
    role: toRow(found, new Set(person?.favourites), deps.directory),
    durations: durations.map((seconds) => ({ seconds, selected: seconds === selected })),
  });
}

/** `POST /roles/{arn}`: opens the role, or asks for the second factor first and comes back. */
export async function takeCredentials(
  exchange: PersonExchange,
  path: RolePath,
  deps: PortalDeps,
): Promise<void> {
  const form = await exchange.form();
  const durationSeconds = parseDuration(form.get('duration'));
  const { roleArn } = path;
  if (roleArn === undefined) {
    await requireRole(exchange, path, 'ViewRole', deps);
    return;
  }
  const wanted = { roleArn, durationSeconds };
  try {
    const assumed = await open(exchange, wanted, deps);
    await showCredentials(exchange, { wanted, assumed }, deps);
  } catch (error) {
    answerRefusal(exchange, wanted, error, deps);
  }
}

function open(exchange: PersonExchange, wanted: WantedRole, deps: PortalDeps): Promise<AssumedRole> {
  const person = personOf(exchange);
  const draft = personDraft(wanted, person, exchange.facts);
  return audited(draft, deps, () => assumeRoleAsPerson(wanted, person, draft, gateOf(exchange, deps)));
}

function answerRefusal(
  exchange: PersonExchange,
  { roleArn, durationSeconds }: WantedRole,
  error: unknown,
  deps: PortalDeps,
): void {
  if (isRoleRefusal(error)) {
    showNotFound(exchange, error);
    return;
  }
  if (!(error instanceof FederationError && error.code === 'mfa-required')) throw error;
  const role = deps.directory.role(roleArn);
  const query = new URLSearchParams({
    ...(role === undefined ? {} : { role: role.name }),
    // The proof that there is was not enough, or it was too old: only one from now on will do.
    since: String(exchange.facts.timeMs),
    return_to: `${rolePathOf(roleArn)}?duration=${durationSeconds}`,
  });
  seeOther(exchange.ctx, `/mfa/verify?${query.toString()}`);
}

async function showCredentials(
  exchange: PersonExchange,
  { wanted, assumed }: { readonly wanted: WantedRole; readonly assumed: AssumedRole },
  deps: PortalDeps,
): Promise<void> {
  const { ctx, surface } = exchange;
  const role = deps.directory.role(wanted.roleArn);
  if (role === undefined) throw new Error('a role was opened that does not exist');
  const { credentials } = assumed;
  const person = await remember(exchange, role.arn, deps);
  const row = toRow({ role, needsMfa: false }, new Set(person?.favourites), deps.directory);
  const place = { publicUrl: surface.publicUrl, region: surface.region, profile: profileOf(row) };
  // Whatever keeps answers would keep the keys.
  ctx.set('Cache-Control', 'no-store');
  exchange.show('credentials', {
    role: row,
    blocks: renderCredentialBlocks(credentials, place),
    accessKeyId: credentials.accessKeyId,
    expiresAtMs: credentials.expiresAtMs,
    // What was asked for, so that a renewal asks for the same, where a provider's word cut this one short.
    durationSeconds: wanted.durationSeconds,
  });
}

// The keys are issued by now: that their role is not remembered must not keep them from whom they are for.
async function remember(
  { session }: PersonExchange,
  roleArn: string,
  deps: PortalDeps,
): Promise<Person | undefined> {
  try {
    return await updateMarks(session, (marks) => withRecent(marks, roleArn), deps);
  } catch (error) {
    if (error instanceof FederationError && error.code === 'store-unavailable') return undefined;
    throw error;
  }
}

/** A name for the person's files: letters that every SDK takes in a profile's name. */
function profileOf({
  name,
  account,
  accountAlias,
}: {
  name: string;
  account: string;
  accountAlias?: string;
}): string {
  return `${accountAlias ?? account}-${name}`.replaceAll(/[^\w.@-]/g, '-');
}

function parseDuration(text: string | null): number {
  if (text === null) return USUAL_SECONDS;
  const seconds = /^\d{3,5}$/.test(text) ? Number(text) : 0;
  if (seconds < LEAST_SECONDS) throw malformed('the duration is no number of seconds from 900');
  return seconds;
}
