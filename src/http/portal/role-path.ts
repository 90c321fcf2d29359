/** What a path below `/roles/` is about; texts that can be no role's ARN have none. */
export type RolePath = { readonly roleArn: string | undefined; readonly favourite: boolean };

const PREFIX = '/roles/';
const FAVOURITE = '/favourite';
/** As long as AWS lets a role's ARN be, in the characters that its path and name may have. */
const ROLE_ARN = /^arn:[a-z-]{1,20}:iam::\d{12}:role\/[\u0021-\u007e]{1,1980}$/;

/**
 * Reads `/roles/{arn}` and, for a POST, `/roles/{arn}/favourite`. Our own links hold the ARN percent-encoded as one segment;
 * people also write it as it is, slashes and all.
 */
export function parseRolePath(path: string, method: string): RolePath {
  const rest = path.slice(PREFIX.length);
  const isMark =
    rest.endsWith(FAVOURITE) && (method === 'POST' || isOneSegment(rest.slice(0, -FAVOURITE.length)));
  return { roleArn: roleArnOf(isMark ? rest.slice(0, -FAVOURITE.length) : rest), favourite: isMark };
}

/** Our own link to a role's page. */
export function rolePathOf(roleArn: string): string {
  return PREFIX + encodeURIComponent(roleArn);
}

function isOneSegment(text: string): boolean {
  return !text.includes('/');
}

function roleArnOf(encoded: string): string | undefined {
  try {
    const text = decodeURIComponent(encoded);
    return ROLE_ARN.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}
