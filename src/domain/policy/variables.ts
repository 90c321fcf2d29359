import { conditionValue } from './request-keys.ts';
import type { PolicyRequest } from './request.ts';
import type { GlobPart } from './wildcard.ts';

/** `${key}` or `${key, 'fallback'}`; the key is in lower case, as variable names compare without case. */
type Variable = { readonly kind: 'variable'; readonly key: string; readonly fallback?: string };

/** A policy text in which variables were found before anything else looked at it (wire-spec 6.5). */
export type Template = readonly (GlobPart | Variable)[];

/**
 * Finds `${…}`; `${*}`, `${?}` and `${$}` become literal characters. `undefined` where a variable is not closed or not
 * well formed: taken as plain text it would silence a Deny.
 */
export function parseTemplate(text: string): Template | undefined {
  const parts: (GlobPart | Variable)[] = [];
  let position = 0;
  for (let open = text.indexOf('${'); open >= 0; open = text.indexOf('${', position)) {
    const variable = parseVariable(text, open + 2);
    if (variable === undefined) return undefined;
    if (open > position) parts.push({ kind: 'text', text: text.slice(position, open) });
    parts.push(variable.part);
    position = variable.end;
  }
  if (position < text.length || parts.length === 0) parts.push({ kind: 'text', text: text.slice(position) });
  return parts;
}

/** A text in which `${…}` means nothing: documents without `Version` 2012-10-17. */
export function plainTemplate(text: string): Template {
  return [{ kind: 'text', text }];
}

/** The parts of a template without variables, else `undefined`: those can be compiled once. */
export function staticParts(template: Template): readonly GlobPart[] | undefined {
  const parts = template.filter((part) => part.kind !== 'variable');
  return parts.length === template.length ? parts : undefined;
}

/** Fills variables in; what comes from the request is literal, or `x*` as a user name would be a wildcard. `undefined`: no value. */
export function resolveTemplate(template: Template, request: PolicyRequest): readonly GlobPart[] | undefined {
  const parts: GlobPart[] = [];
  for (const part of template) {
    if (part.kind !== 'variable') {
      parts.push(part);
      continue;
    }
    const value = conditionValue(request, part.key);
    // A multivalued key has no one value to put here (wire-spec 6.5).
    const text = typeof value === 'string' ? value : part.fallback;
    if (text === undefined) return undefined;
    parts.push({ kind: 'literal', text });
  }
  return parts;
}

function parseVariable(text: string, start: number): { part: GlobPart | Variable; end: number } | undefined {
  const character = text[start];
  if (character !== undefined && '*?$'.includes(character) && text[start + 1] === '}') {
    return { part: { kind: 'literal', text: character }, end: start + 2 };
  }
  const close = text.indexOf('}', start);
  const comma = text.indexOf(',', start);
  if (close < 0) return undefined;
  if (comma < 0 || close < comma) return withKey(text.slice(start, close), { end: close + 1 });
  const fallback = parseFallback(text, comma + 1);
  return fallback && withKey(text.slice(start, comma), fallback);
}

function parseFallback(text: string, start: number): { fallback: string; end: number } | undefined {
  const open = skipBlanks(text, start);
  const quote = text.indexOf("'", open + 1);
  if (text[open] !== "'" || quote < 0) return undefined;
  const close = skipBlanks(text, quote + 1);
  return text[close] === '}' ? { fallback: text.slice(open + 1, quote), end: close + 1 } : undefined;
}

function withKey(text: string, { fallback, end }: { fallback?: string; end: number }) {
  const key = text.trim().toLowerCase();
  if (key === '' || key.includes('${')) return undefined;
  const part: Variable = { kind: 'variable', key, ...(fallback === undefined ? {} : { fallback }) };
  return { part, end };
}

function skipBlanks(text: string, start: number): number {
  let index = start;
  while (text[index] === ' ') index += 1;
  return index;
}
