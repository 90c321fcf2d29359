/** Where in the document: member names and list positions, from the root. */
export type PolicyPath = readonly (string | number)[];

/** One thing that is wrong with a policy document; `message` is what the wire shows where AWS's text is known. */
export type PolicyFault = { readonly path: PolicyPath; readonly message: string };

/** Every fault for which no more exact text is known. */
export const SYNTAX_ERROR = 'Syntax errors in policy.';
