import { createActionIndex, type ActionIndex } from './action-index.ts';
import { SYNTAX_ERROR, type PolicyFault, type PolicyPath } from './fault.ts';
import { parseJsonText } from './json-text.ts';
import { isObject, listValues } from './json-value.ts';
import { parseStatement, type Statement, type StatementGrammar } from './statement.ts';
import { checkClientStatement, checkExchangeStatement, checkTrustStatement } from './trust-grammar.ts';

/**
 * `identity` is also the grammar of boundaries; `managed` is `identity` with the stricter rules of stored policies. `exchange`
 * and `client` are trust policies of services and applications.
 */
export type PolicyKind =
  'identity' | 'managed' | 'session' | 'trust' | 'exchange' | 'client' | 'resource' | 'scp' | 'rcp';

/** A document that was read and compiled once; nothing of it changes afterwards. */
export type Policy = {
  readonly kind: PolicyKind;
  /** How decisions and traces call it: a policy name or ARN. */
  readonly name: string;
  readonly statements: readonly Statement[];
  /** The statements that name an action (`service:Name`, any case). */
  readonly candidates: ActionIndex;
};

export type PolicyOptions = { readonly kind: PolicyKind; readonly name: string };

/** A document that breaks the grammar. The first fault is the one AWS's answer names. */
export class MalformedPolicyError extends Error {
  readonly faults: readonly PolicyFault[];

  constructor(faults: readonly PolicyFault[]) {
    super(faults[0]?.message ?? SYNTAX_ERROR);
    this.name = 'MalformedPolicyError';
    this.faults = faults;
  }
}

const plainMessages: StatementGrammar['messages'] = {
  effect: SYNTAX_ERROR,
  actions: 'Policy statement must contain actions.',
  principal: 'Policy document should not specify a principal.',
  resource: 'Policy statement must contain resources.',
};
const noCheck = (): void => undefined;

const identityGrammar: StatementGrammar = {
  principal: 'prohibited',
  resource: 'required',
  sid: 'alphanumeric',
  messages: plainMessages,
  check: noCheck,
};
const principalMessages = { ...plainMessages, principal: 'Missing required field Principal' };

const trustGrammar: Omit<StatementGrammar, 'check'> = {
  principal: 'required',
  resource: 'prohibited',
  sid: 'alphanumeric',
  messages: {
    effect: 'Missing required field Effect',
    actions: 'Missing required field Action',
    principal: 'Missing required field Principal',
    resource: 'Has prohibited field Resource',
  },
};

const grammars: Readonly<Record<PolicyKind, StatementGrammar>> = {
  identity: identityGrammar,
  managed: identityGrammar,
  session: identityGrammar,
  scp: identityGrammar,
  trust: { ...trustGrammar, check: checkTrustStatement },
  exchange: { ...trustGrammar, check: checkExchangeStatement },
  client: { ...trustGrammar, check: checkClientStatement },
  // A policy that hangs on one resource need not name it.
  resource: {
    principal: 'required',
    resource: 'optional',
    sid: 'any',
    messages: principalMessages,
    check: noCheck,
  },
  rcp: {
    principal: 'required',
    resource: 'required',
    sid: 'any',
    messages: principalMessages,
    check: checkEveryone,
  },
};

const documentMembers: ReadonlySet<string> = new Set(['Version', 'Id', 'Statement']);
const versions: readonly unknown[] = [undefined, '2008-10-17', '2012-10-17'];

/**
 * Reads and compiles a policy from JSON text, refusing more than 131,072 characters, deep nesting and doubled members.
 * @throws MalformedPolicyError with every fault found.
 * @see wire-spec 6.2, 8.3
 */
export function parsePolicyText(text: string, options: PolicyOptions): Policy {
  const parsed = parseJsonText(text);
  if (parsed !== undefined) return parsePolicy(parsed.value, options);
  const message = options.kind === 'trust' ? 'This policy contains invalid Json' : SYNTAX_ERROR;
  throw new MalformedPolicyError([{ path: [], message }]);
}

/**
 * Reads and compiles a policy from a value such as YAML or JSON gives.
 * @throws MalformedPolicyError with every fault found.
 * @see wire-spec 6.2, 8.3
 */
export function parsePolicy(value: unknown, options: PolicyOptions): Policy {
  const faults: PolicyFault[] = [];
  const statements = parseDocument(value, options, faults);
  if (faults.length > 0) throw new MalformedPolicyError(faults);
  return { ...options, statements, candidates: createActionIndex(statements) };
}

function parseDocument(value: unknown, options: PolicyOptions, faults: PolicyFault[]): readonly Statement[] {
  if (!isObject(value)) {
    faults.push({ path: [], message: SYNTAX_ERROR });
    return [];
  }
  checkMembers(value, options, faults);
  const list = listValues(value['Statement'], ['Statement']);
  if (list.length === 0 || value['Statement'] === undefined) {
    faults.push({ path: ['Statement'], message: SYNTAX_ERROR });
    return [];
  }
  const shared = {
    policy: options.name,
    grammar: grammars[options.kind],
    // `${…}` is plain text in a document of the older version.
    expandsVariables: value['Version'] === '2012-10-17',
    faults,
  };
  const statements = list
    .map((item, index) => parseStatement(item.value, { ...shared, index, path: item.path }))
    .filter((statement) => statement !== undefined);
  checkSids(statements, faults);
  return statements;
}

function checkMembers(
  value: Readonly<Record<string, unknown>>,
  { kind }: PolicyOptions,
  faults: PolicyFault[],
): void {
  const { Version: version, Id: id } = value;
  for (const member of Object.keys(value)) {
    if (!documentMembers.has(member)) faults.push({ path: [member], message: SYNTAX_ERROR });
  }
  if (!versions.includes(version)) faults.push({ path: ['Version'], message: SYNTAX_ERROR });
  else if (kind === 'managed' && version !== '2012-10-17') {
    faults.push({ path: ['Version'], message: 'Policy document must be version 2012-10-17 or greater.' });
  }
  if (id !== undefined && typeof id !== 'string') faults.push({ path: ['Id'], message: SYNTAX_ERROR });
}

function checkSids(statements: readonly Statement[], faults: PolicyFault[]): void {
  const seen = new Set<string>();
  for (const { sid, path } of statements) {
    if (sid === undefined || sid === '') continue;
    if (seen.has(sid)) {
      const at: PolicyPath = [...path, 'Sid'];
      faults.push({ path: at, message: 'Statement IDs (SID) in a single policy must be unique.' });
    }
    seen.add(sid);
  }
}

/** Resource control policies bind every caller: they may name nobody in particular. */
function checkEveryone({ principals, path }: Statement, faults: PolicyFault[]): void {
  const { entries = [], negated = false } = principals ?? {};
  const message = 'Resource control policies must name the principal "*".';
  if (negated || entries.some(({ type }) => type !== '*')) faults.push({ path, message });
}
