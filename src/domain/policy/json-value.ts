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
    if (typeof item.value !== 'string' && typeof item.value !== 'boolean' && typeof item.value !== 'number')
      return undefined;
    texts.push({ text: String(item.value), path: item.path });
  }
  return texts;
}
