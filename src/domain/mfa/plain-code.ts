/** A code without the blanks and dashes that people and their phones put into it. */
export function plainCode(typed: string): string {
  return typed.slice(0, 100).replace(/[\s\u2010-\u2015-]/g, '');
}
