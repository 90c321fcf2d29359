import { parseActionElement, type ActionElement } from './action-element.ts';
import { evaluateCondition, parseConditions, type Condition } from './condition.ts';
import { SYNTAX_ERROR, type PolicyFault, type PolicyPath } from './fault.ts';
import { isObject } from './json-value.ts';
import { parsePrincipalElement, type PrincipalElement } from './principal-element.ts';
import type { PolicyRequest } from './request.ts';
import { coversResource, parseResourceElement, type ResourceElement } from './resource-element.ts';

export type Effect = 'Allow' | 'Deny';

/** A compiled statement. */
export type Statement = {
  /** Name of its policy. */
  readonly policy: string;
  readonly index: number;
  readonly path: PolicyPath;
  readonly sid?: string;
  readonly effect: Effect;
  readonly actions: ActionElement;
  readonly principals?: PrincipalElement;
  readonly resources?: ResourceElement;
  readonly conditions: readonly Condition[];
};

/** What a kind of policy document may and must say in its statements. */
export type StatementGrammar = {
  readonly principal: 'required' | 'prohibited';
  readonly resource: 'required' | 'optional' | 'prohibited';
  readonly sid: 'alphanumeric' | 'any';
  /** Texts of faults, as AWS words them for this kind. */
  readonly messages: {
    readonly effect: string;
    readonly actions: string;
    readonly principal: string;
    readonly resource: string;
  };
  /** What only this kind of document demands. */
  readonly check: (statement: Statement, faults: PolicyFault[]) => void;
};

export type StatementOptions = {
  readonly policy: string;
  readonly index: number;
  readonly path: PolicyPath;
  readonly grammar: StatementGrammar;
  readonly expandsVariables: boolean;
  readonly faults: PolicyFault[];
};

const members: ReadonlySet<string> = new Set([
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
]);

type Members = Readonly<Record<string, unknown>>;

/** Reads one statement, adding what is wrong with it to `faults`. */
export function parseStatement(value: unknown, options: StatementOptions): Statement | undefined {
  const { path, faults, grammar } = options;
  if (!isObject(value)) {
    faults.push({ path, message: SYNTAX_ERROR });
    return undefined;
  }
  for (const member of Object.keys(value)) {
    if (!members.has(member)) faults.push({ path: [...path, member], message: SYNTAX_ERROR });
  }
  const statement = compileStatement(value, options);
  grammar.check(statement, faults);
  return statement;
}

/**
 * Whether resource and conditions of the statement hold; its action and principal are the caller's question. An operand in
 * error leaves an Allow without effect and lets a Deny apply: closed either way (wire-spec 6.4).
 */
export function holds(statement: Statement, request: PolicyRequest): boolean {
  const { effect, resources, conditions } = statement;
  if (resources !== undefined && !coversResource(resources, request, effect)) return false;
  for (const condition of conditions) {
    const outcome = evaluateCondition(condition, request);
    if (outcome === false || (outcome === 'error' && effect === 'Allow')) return false;
  }
  return true;
}

function compileStatement(value: Members, options: StatementOptions): Statement {
  const { policy, index, path, faults, expandsVariables } = options;
  const effect = parseEffect(value, options);
  const sid = parseSid(value['Sid'], options);
  const principals = parsePrincipals(value, options);
  const actions = parseActions(value, options);
  const resources = parseResources(value, options);
  const conditions = parseConditions(value['Condition'], {
    path: [...path, 'Condition'],
    expandsVariables,
    faults,
  });
  return {
    policy,
    index,
    path,
    effect,
    actions,
    conditions,
    ...(sid === undefined ? {} : { sid }),
    ...(principals === undefined ? {} : { principals }),
    ...(resources === undefined ? {} : { resources }),
  };
}

function parseEffect(value: Members, { path, faults, grammar }: StatementOptions): Effect {
  const effect = value['Effect'];
  if (effect === 'Allow' || effect === 'Deny') return effect;
  if (effect === undefined) faults.push({ path, message: grammar.messages.effect });
  else faults.push({ path: [...path, 'Effect'], message: SYNTAX_ERROR });
  return 'Deny';
}

function parseSid(sid: unknown, { path, faults, grammar }: StatementOptions): string | undefined {
  if (sid === undefined) return undefined;
  if (typeof sid !== 'string') faults.push({ path: [...path, 'Sid'], message: SYNTAX_ERROR });
  else if (grammar.sid === 'any' || /^[0-9A-Za-z]*$/.test(sid)) return sid;
  else faults.push({ path: [...path, 'Sid'], message: 'Statement IDs (SID) must be alpha-numeric.' });
  return undefined;
}

function parsePrincipals(value: Members, options: StatementOptions): PrincipalElement | undefined {
  const { faults, grammar, path } = options;
  const element = pickElement(value, 'Principal', options);
  if (grammar.principal === 'prohibited') {
    if (element !== undefined) faults.push({ path: element.path, message: grammar.messages.principal });
    return undefined;
  }
  if (element === undefined) {
    faults.push({ path, message: grammar.messages.principal });
    return undefined;
  }
  return parsePrincipalElement(element.value, { ...element, faults });
}

function parseActions(value: Members, options: StatementOptions): ActionElement {
  const { faults, grammar, path } = options;
  const element = pickElement(value, 'Action', options);
  if (element !== undefined) return parseActionElement(element.value, { ...element, faults });
  faults.push({ path, message: grammar.messages.actions });
  return { negated: false, patterns: [] };
}

function parseResources(value: Members, options: StatementOptions): ResourceElement | undefined {
  const { faults, grammar, path, expandsVariables } = options;
  const element = pickElement(value, 'Resource', options);
  if (element === undefined) {
    if (grammar.resource === 'required') faults.push({ path, message: grammar.messages.resource });
    return undefined;
  }
  if (grammar.resource === 'prohibited') {
    faults.push({ path: element.path, message: grammar.messages.resource });
    return undefined;
  }
  return parseResourceElement(element.value, { ...element, expandsVariables, faults });
}

/** `X` or `NotX`: both at once contradict each other. */
function pickElement(
  value: Members,
  name: 'Principal' | 'Action' | 'Resource',
  { path, faults }: StatementOptions,
): { value: unknown; path: PolicyPath; negated: boolean } | undefined {
  const negatedName = `Not${name}`;
  const hasPlain = Object.hasOwn(value, name);
  const hasNegated = Object.hasOwn(value, negatedName);
  if (hasPlain && hasNegated) faults.push({ path: [...path, negatedName], message: SYNTAX_ERROR });
  if (hasPlain) return { value: value[name], path: [...path, name], negated: false };
  return hasNegated ? { value: value[negatedName], path: [...path, negatedName], negated: true } : undefined;
}
