import { html, type Answer } from './answer.ts';
import type { DemoPerson } from './people.ts';

const STYLE = `
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
body{max-width:26rem;margin:8vh auto;padding:0 1rem}
h1{font-size:1.25rem;margin:0}
p{margin:.25rem 0 1.25rem}
button{display:block;width:100%;margin:.5rem 0;padding:.75rem 1rem;border:1px solid GrayText;border-radius:.5rem;
background:Canvas;color:CanvasText;font:inherit;text-align:left;cursor:pointer}
button:hover,button:focus-visible{border-color:LinkText;outline:2px solid LinkText}
span{display:block;font-size:.875rem}`;

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

/** `content` is markup of our own. */
export function renderPage(title: string, content: string, status = 200): Answer {
  return html(
    `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title><style>${STYLE}</style></head>
<body><main><h1>${escapeHtml(title)}</h1>
${content}
</main></body></html>
`,
    status,
  );
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
