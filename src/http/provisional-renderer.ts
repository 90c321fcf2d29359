import type { Renderer } from './render.ts';

/** Stands in for the templates until they are there: each page as its data, with the fields that its forms need. */
export const renderProvisionally: Renderer = (ctx, { name, data, layout, options = {} }) => {
  ctx.status = options.status ?? 200;
  ctx.set('Content-Type', 'text/html; charset=utf-8');
  ctx.set('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'; base-uri 'none'");
  ctx.set('Cache-Control', 'no-store');
  const token = `<input type="hidden" name="form_token" value="${layout.formToken}">`;
  const who = layout.person === undefined ? '' : `<p>${escapeHtml(layout.person.name)}</p>`;
  const form = 'fields' in data ? postForm(data) : `<form method="post">${token}</form>`;
  ctx.body = `<!doctype html><title>${name}</title>${who}${form}<pre>${escapeHtml(JSON.stringify(data, null, 1))}</pre>`;
};

function postForm({ action, fields }: { action: string; fields: Readonly<Record<string, string>> }): string {
  const inputs = Object.entries(fields).map(
    ([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`,
  );
  return `<form method="post" action="${escapeHtml(action)}">${inputs.join('')}<button>Go</button></form>`;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
