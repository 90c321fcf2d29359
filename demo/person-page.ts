import type { Answer } from './answer.ts';
import { escapeHtml, renderPage } from './page.ts';
import type { DemoPerson } from './people.ts';

/** Asks who somebody wants to be. The form goes back to the address of the page, with all that was asked there. */
export function renderPersonPage(
  title: string,
  people: readonly DemoPerson[],
  { query, hint }: { readonly query: URLSearchParams; readonly hint: string },
): Answer {
  const isHinted = ({ email }: DemoPerson): boolean => email === hint;
  const sorted = [...people.filter(isHinted), ...people.filter((person) => !isHinted(person))];
  return renderPage(
    title,
    `<p>Whom do you want to be? There are no passwords here: this is the demo.</p>
<form method="post" action="${escapeHtml(`?${query.toString()}`)}">
${sorted.map(renderPerson).join('\n')}
<button name="person" value="">Deny<span>Back without signing in</span></button>
</form>`,
  );
}

function renderPerson({ id, name, email, note }: DemoPerson): string {
  const lines = [email, note].map((line) => `<span>${escapeHtml(line)}</span>`).join('');
  return `<button name="person" value="${escapeHtml(id)}">${escapeHtml(name)}${lines}</button>`;
}

/** Posts a message on; without scripts its button does. */
export function renderForwardPage(action: string, fields: Readonly<Record<string, string>>): Answer {
  const inputs = Object.entries(fields).map(
    ([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`,
  );
  return renderPage(
    'One moment',
    `<form method="post" action="${escapeHtml(action)}">${inputs.join('')}<button>Continue</button></form>
<script>document.forms[0].submit()</script>`,
  );
}
