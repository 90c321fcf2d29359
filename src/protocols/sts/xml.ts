/** A structure in wire order; `undefined` members are left out. Dates are ISO 8601 in XML and epoch seconds in JSON. */
export type Structure = { readonly [member: string]: Member };
type Member = string | number | Date | Structure | undefined;

/** Indented elements, two blanks a level; scalars carry no white space, since SDKs keep it (wire-spec 1.1). */
export function renderElements(structure: Structure, indent: string): string {
  let xml = '';
  for (const [name, member] of Object.entries(structure)) {
    if (member === undefined) continue;
    xml += isStructure(member)
      ? `${indent}<${name}>\n${renderElements(member, `${indent}  `)}${indent}</${name}>\n`
      : `${indent}<${name}>${escapeXml(scalar(member))}</${name}>\n`;
  }
  return xml;
}

/** ISO 8601 in UTC, whole seconds. */
function isoSeconds(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}

export function isStructure(member: Member): member is Structure {
  return typeof member === 'object' && !(member instanceof Date);
}

function scalar(value: string | number | Date): string {
  return value instanceof Date ? isoSeconds(value) : String(value);
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\r': '&#xD;',
};

/** Escapes markup; characters that XML 1.0 cannot carry at all (NUL, lone surrogates, …) become U+FFFD. */
export function escapeXml(text: string): string {
  if (!/[&<>"'\r\p{Cc}\p{Cs}\uFFFE\uFFFF]/u.test(text)) return text;
  return text
    .replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\p{Cs}\uFFFE\uFFFF]/gu, '\uFFFD')
    .replace(/[&<>"'\r]/g, (character) => ESCAPES[character] ?? character);
}
