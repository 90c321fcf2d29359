/** Length at which a policy parameter ends on the wire (wire-spec 8.4). */
const MAX_CHARACTERS = 131_072;

/** The grammar needs six levels; more is an attack on whatever recurses over the value. */
const MAX_DEPTH = 16;

/**
 * Reads JSON of bounded size and depth. A member written twice is refused: JSON's own reader keeps the last one in silence,
 * another tool the first, and the author sees both. `undefined` where the text is not acceptable.
 */
export function parseJsonText(text: string): { readonly value: unknown } | undefined {
  if (text.length > MAX_CHARACTERS || !isShallowAndUnique(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return { value };
  } catch {
    return undefined;
  }
}

/** One walk over the brackets and strings; text that is no JSON may pass here and fails after it. */
function isShallowAndUnique(text: string): boolean {
  const open: Set<string>[] = [];
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (character === '{' || character === '[') open.push(new Set());
    else if (character === '}' || character === ']') open.pop();
    else if (character === '"') {
      const end = endOfString(text, index);
      if (isMember(text, end) && !addNew(open[open.length - 1], text.slice(index, end))) return false;
      index = end - 1;
    }
    if (open.length > MAX_DEPTH) return false;
  }
  return true;
}

function endOfString(text: string, start: number): number {
  let index = start + 1;
  while (index < text.length && text[index] !== '"') index += text[index] === '\\' ? 2 : 1;
  return index + 1;
}

function isMember(text: string, end: number): boolean {
  let index = end;
  while (index < text.length && ' \t\r\n'.includes(text[index] ?? '')) index += 1;
  return text[index] === ':';
}

/** `\u0041ction` is `Action`: names are compared as they will be read. */
function addNew(names: Set<string> | undefined, quoted: string): boolean {
  const name = quoted.includes('\\') ? unescapeName(quoted) : quoted.slice(1, -1);
  if (names === undefined || name === undefined || names.has(name)) return false;
  names.add(name);
  return true;
}

function unescapeName(quoted: string): string | undefined {
  try {
    const name: unknown = JSON.parse(quoted);
    return typeof name === 'string' ? name : undefined;
  } catch {
    return undefined;
  }
}
