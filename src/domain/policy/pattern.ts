import type { PolicyRequest } from './request.ts';
import { resolveTemplate, staticParts, type Template } from './variables.ts';
import { compileGlob, matchesGlob } from './wildcard.ts';

/** Compares a text of the request with one pattern of the policy; `undefined` where a variable has no value. */
export type Pattern = (text: string, request: PolicyRequest) => boolean | undefined;

/** Compiles once where no variable depends on the request, else once per question. */
export function compilePattern(template: Template): Pattern {
  const parts = staticParts(template);
  if (parts === undefined) return dynamicPattern(template);
  const glob = compileGlob(parts);
  return (text) => matchesGlob(glob, text);
}

function dynamicPattern(template: Template): Pattern {
  const prefix = fixedPrefix(template);
  return (text, request) => {
    // Most patterns differ before their first variable: then its value need not be known.
    if (!text.startsWith(prefix)) return false;
    const parts = resolveTemplate(template, request);
    return parts === undefined ? undefined : matchesGlob(compileGlob(parts), text);
  };
}

/** What every text that matches begins with. */
function fixedPrefix([first]: Template): string {
  if (first === undefined || first.kind === 'variable') return '';
  if (first.kind === 'literal') return first.text;
  const wildcard = first.text.search(/[*?]/);
  return wildcard < 0 ? first.text : first.text.slice(0, wildcard);
}
