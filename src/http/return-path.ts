// A path of our own: no scheme, no `//` and no `/\`, which browsers read as another host.
const RETURN_PATH = /^\/(?![/\\])[\u0021-\u005b\u005d-\u007e]{0,1000}$/;

/** Whether a text is a path of ours that a browser may be sent to; whoever made the link may have had a hand in it. */
export function isReturnPath(text: string): boolean {
  return RETURN_PATH.test(text);
}

/** The path to go to after a detour; anything that is none of ours leads to the roles. */
export function returnPathOf(text: string | null | undefined): string {
  return typeof text === 'string' && isReturnPath(text) ? text : '/roles';
}
