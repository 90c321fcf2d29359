import { returnPathOf } from '../return-path.ts';
import { seeOther, type PersonExchange } from '../page-exchange.ts';
import { updateMarks, withFavourite, withoutFavourite } from './marks.ts';
import type { PortalDeps } from './portal-deps.ts';
import { requireRole } from './require-role.ts';
import type { RolePath } from './role-path.ts';

/** `POST /roles/{arn}/favourite`: marks a role that is open, or takes the mark off any. */
export async function toggleFavourite(
  exchange: PersonExchange,
  path: RolePath,
  deps: PortalDeps,
): Promise<void> {
  const { ctx, session } = exchange;
  const form = await exchange.form();
  const person = await deps.people.find(session.signIn.identity);
  const { roleArn } = path;
  if (roleArn !== undefined && person?.favourites.includes(roleArn)) {
    await updateMarks(session, (marks) => withoutFavourite(marks, roleArn), deps);
  } else {
    // Only what the person may see is kept: else the record would fill with whatever somebody posts.
    const found = await requireRole(exchange, path, 'MarkRole', deps);
    if (found === undefined) return;
    await updateMarks(session, (marks) => withFavourite(marks, found.role.arn), deps);
  }
  seeOther(ctx, returnPathOf(form.get('return_to')));
}
