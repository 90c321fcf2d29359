import { SYNTAX_ERROR, type PolicyFault, type PolicyPath } from './fault.ts';
import { textValues, type TextValue } from './json-value.ts';
import { compilePattern, type Pattern } from './pattern.ts';
import type { PolicyRequest } from './request.ts';
import { parseTemplate, plainTemplate } from './variables.ts';

/** `Resource` or `NotResource`. */
export type ResourceElement = {
  readonly negated: boolean;
  readonly texts: readonly string[];
  readonly patterns: readonly Pattern[];
};

export type ResourceOptions = {
  readonly path: PolicyPath;
  readonly negated: boolean;
  readonly expandsVariables: boolean;
  readonly faults: PolicyFault[];
};

const partitions: ReadonlySet<string> = new Set([
  'aws',
  'aws-cn',
  'aws-us-gov',
  'aws-iso',
  'aws-iso-b',
  'aws-iso-e',
  'aws-iso-f',
  'aws-eusc',
]);

const iamPaths = [
  'user/',
  'federated-user/',
  'role/',
  'group/',
  'instance-profile/',
  'mfa/',
  'server-certificate/',
  'policy/',
  'sms-mfa/',
  'saml-provider/',
  'oidc-provider/',
  'report/',
  'access-report/',
] as const;

/** Reads resource patterns: `*`, or an ARN whose partition and service are written out (wire-spec 6.2, 8.3). */
export function parseResourceElement(value: unknown, options: ResourceOptions): ResourceElement {
  const { path, negated, faults } = options;
  const values = textValues(value, path);
  if (values === undefined) faults.push({ path, message: SYNTAX_ERROR });
  if (values?.length === 0) faults.push({ path, message: 'Policy statement must contain resources.' });
  return {
    negated,
    texts: (values ?? []).map(({ text }) => text),
    patterns: (values ?? []).map((item) => compileResource(item, options)),
  };
}

/**
 * Whether the element covers the request's resource. A pattern whose variable has no value matches nothing; under
 * NotResource that would grant everything, so there the doubt is settled against the caller.
 */
export function coversResource(
  { negated, patterns }: ResourceElement,
  request: PolicyRequest,
  effect: 'Allow' | 'Deny',
): boolean {
  let isUnresolved = false;
  for (const matches of patterns) {
    const matched = matches(request.resource, request);
    if (matched === true) return !negated;
    if (matched === undefined) isUnresolved = true;
  }
  return negated && !(isUnresolved && effect === 'Allow');
}

function compileResource({ text, path }: TextValue, { expandsVariables, faults }: ResourceOptions): Pattern {
  const template = expandsVariables ? parseTemplate(text) : plainTemplate(text);
  const message = template === undefined ? SYNTAX_ERROR : resourceFault(text);
  if (message !== undefined) faults.push({ path, message });
  return compilePattern(template ?? []);
}

function resourceFault(text: string): string | undefined {
  if (text === '*') return undefined;
  const [arn, partition, service, region, account, ...rest] = text.split(':');
  if (arn !== 'arn' || partition === undefined || service === undefined) {
    return `Resource ${text} must be in ARN format or "*".`;
  }
  if (!partitions.has(partition)) return `Partition "${partition}" is not valid for resource "${text}".`;
  if (!/^[A-Za-z0-9-]+$/.test(service))
    return 'Resource vendor must be fully qualified and cannot contain regexes.';
  if (service !== 'iam' || region === undefined) return undefined;
  return iamResourceFault(text, { region, path: account === undefined ? '*' : (rest[0] ?? '*') });
}

function iamResourceFault(
  text: string,
  { region, path }: { region: string; path: string },
): string | undefined {
  // One star may stand for several parts of the ARN (wire-spec 6.2), so `arn:aws:iam::*` names no path to look at.
  if (region !== '' && region !== '*') return `IAM resource ${text} cannot contain region information.`;
  if (path === '*' || path === 'root' || iamPaths.some((start) => path.startsWith(start))) return undefined;
  return `IAM resource path must either be "*" or start with ${iamPaths.join(', ')}.`;
}
