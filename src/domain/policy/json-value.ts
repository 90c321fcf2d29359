import type { PolicyPath } from './fault.ts';

export type TextValue = { readonly text: string; readonly path: PolicyPath };

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One value or a list of values, each with its place; the grammar lets both stand wherever a list may. */
export function listValues(
  value: unknown,
  path: PolicyPath,
): readonly { readonly value: unknown; readonly path: PolicyPath }[] {
  if (!Array.isArray(value)) return [{ value, path }];
  return value.map((item: unknown, index) => ({ value: item, path: [...path, index] }));
}

/** One text or a list of texts; `undefined` where anything else is among them. */
export function textValues(value: unknown, path: PolicyPath): readonly TextValue[] | undefined {
  const texts: TextValue[] = [];
  for (const item of listValues(value, path)) {
    if (typeof item.value !== 'string') return undefined;
    texts.push({ text: item.value, path: item.path });
  }
  return texts;
}

/** Like {@link textValues}, with JSON booleans and numbers as their texts: condition values may be written so. */
export function scalarValues(value: unknown, path: PolicyPath): readonly TextValue[] | undefined {
  const texts: TextValue[] = [];
  for (const item of listValues(value, path)) {
    const text = scalarText(item.value);
    if (text === undefined) return undefined;
    texts.push({ text, path: item.path });
  }
  return texts;
}

/** A number beyond 2^53 was already rounded when it was read: it would equal its neighbours. Written as text it is exact. */
function scalarText(value: unknown): string | undefined {
  if (typeof value === 'number')
    return Math.abs(value) <= Number.MAX_SAFE_INTEGER ? String(value) : undefined;
  return typeof value === 'string' || typeof value === 'boolean' ? String(value) : undefined;
}
