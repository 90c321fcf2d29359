import { createHash } from 'node:crypto';
import { html, type Answer } from './answer.ts';

const STYLE = `
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
body{max-width:26rem;margin:8vh auto;padding:0 1rem}
h1{font-size:1.25rem;margin:0}
h2{font-size:1rem;margin:1.5rem 0 0}
p{margin:.25rem 0 1.25rem}
a{color:inherit}
dt{font-size:.875rem}
dd{margin:0 0 .5rem;overflow-wrap:anywhere}
pre{overflow-x:auto;padding:.75rem;border:1px solid GrayText;border-radius:.5rem}
[role=alert]{padding:.5rem .75rem;border-left:4px solid #c2410c}
button,.button{display:block;box-sizing:border-box;width:100%;margin:.5rem 0;padding:.75rem 1rem;border:1px solid GrayText;
border-radius:.5rem;background:Canvas;color:CanvasText;font:inherit;text-align:left;text-decoration:none;cursor:pointer}
button:hover,button:focus-visible,.button:hover,.button:focus-visible{border-color:LinkText;outline:2px solid LinkText}
span{display:block;font-size:.875rem}`;

/** How a Content Security Policy names the only style of these pages. */
export const STYLE_SOURCE = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`;

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

export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
