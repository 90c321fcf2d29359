import type { Acceptance, Refusal, RoleAnswer } from './saml-acceptance.ts';
import type { CertificateDescription } from './saml-description.ts';
import type {
  CheckedSignature,
  Inspection,
  MetadataInspection,
  ResponseInspection,
} from './saml-inspection.ts';
import { formatPolicy } from './explain.ts';
import { formatTable } from './output.ts';

/** The inspection as a person reads it. */
export function formatInspection(inspection: Inspection): string {
  const lines = linesOf(inspection);
  return lines.map(printable).join('\n');
}

function linesOf(inspection: Inspection): readonly string[] {
  switch (inspection.kind) {
    case 'unreadable':
      return formatRefusal('REFUSED', inspection.refusal);
    case 'metadata':
      return formatMetadata(inspection);
    case 'response':
      return formatResponse(inspection);
  }
}

/** A message may hold what a terminal obeys, or what would make one line look like two: it is shown as its code. */
function printable(line: string): string {
  return line.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`,
  );
}

function formatResponse(inspection: ResponseInspection): readonly string[] {
  const { says, signatures, acceptances, unreachable, at } = inspection;
  return [
    'What the message says of itself (NOT VERIFIED):',
    ...table([
      ['response', says.id],
      ['issuer', says.issuer],
      ['destination', says.destination],
      ['in response to', says.inResponseTo ?? 'nothing: the identity provider began'],
      ['issued', says.issueInstant],
      ['status', says.status],
    ]),
    ...says.assertions.flatMap(formatAssertion),
    ...says.encryptedAssertions.map(
      ({ algorithms }) => `  an encrypted assertion (${algorithms.join(', ')})`,
    ),
    '',
    'Signatures:',
    ...(signatures.length === 0 ? ['  none outside of what is encrypted'] : signatures.map(formatSignature)),
    '',
    ...unreachable.map(({ provider, reason }) => `${provider} could not be asked: ${reason}`),
    ...formatAcceptances(acceptances, says.issuer, at),
  ];
}

function formatAssertion(assertion: ResponseInspection['says']['assertions'][number]): readonly string[] {
  const { confirmations, audiences, attributes, subjectFormat, subject } = assertion;
  const rows = table([
    ['  issuer', assertion.issuer],
    ['  issued', assertion.issueInstant],
    ['  subject', subjectFormat === undefined ? subject : `${subject ?? ''} (${subjectFormat})`],
    ...confirmations.map(
      (data) => ['  recipient', `${data.recipient ?? '-'} until ${data.notOnOrAfter ?? '-'}`] as const,
    ),
    ['  audience', audiences.join(', ')],
    ['  valid', `${assertion.notBefore ?? '-'} to ${assertion.notOnOrAfter ?? '-'}`],
    ['  session until', assertion.sessionNotOnOrAfter],
    ...attributes.map(({ name, values }) => [`  ${name}`, values.join(' | ')] as const),
  ]);
  return [`  assertion ${assertion.id ?? '-'}`, ...rows];
}

function formatSignature(signature: CheckedSignature): string {
  const { over, algorithm = '-', verifiedBy, fault, certificate } = signature;
  const head = `  ${over}, ${algorithm}:`;
  if (verifiedBy) return `${head} VERIFIED with a key of ${verifiedBy.provider}: ${nameOf(verifiedBy.key)}`;
  const claim = certificate ? `it names ${nameOf(certificate)}` : 'it names no certificate';
  return `${head} NOT VERIFIED, ${claim}${fault === undefined ? '' : `; it ${fault}`}`;
}

function nameOf(certificate: CertificateDescription | undefined): string {
  if (!certificate) return 'a certificate that cannot be read';
  const { subject, fingerprint, notAfter } = certificate;
  return `${subject}, until ${notAfter.slice(0, 10)}, SHA-256 ${fingerprint}`;
}

function formatAcceptances(
  acceptances: readonly Acceptance[] | undefined,
  issuer = '-',
  at = '',
): readonly string[] {
  if (acceptances === undefined) return ['No configuration: whether it would be accepted was not asked.'];
  if (acceptances.length === 0)
    return [`REFUSED: no samlProvider here has metadata of the issuer ${issuer}.`];
  return acceptances.flatMap((acceptance) => {
    const place = `by ${acceptance.provider}, at ${at}`;
    if (!acceptance.accepted) return formatRefusal(`REFUSED ${place}`, acceptance.refusal);
    return [
      `ACCEPTED ${place}, as ${acceptance.subject}. Verified condition keys:`,
      ...table(
        Object.entries(acceptance.conditionKeys).map(([key, value]) => [key, [value].flat().join(' | ')]),
      ),
      '',
      ...formatRoles(acceptance.roles),
      'Whether it was used before, and conditions on the caller’s network, show only when it is used.',
    ];
  });
}

function formatRefusal(head: string, { code, rule, told }: Refusal): readonly string[] {
  const lines = [`${head}: ${rule} [${code}]`];
  return told === undefined || told === rule ? lines : [...lines, `  the caller is told: ${told}`];
}

function formatRoles(roles: readonly RoleAnswer[]): readonly string[] {
  const opened = roles.filter(({ opens }) => opens).length;
  const count = `It opens ${opened} of the ${roles.length} roles of the account:`;
  return [
    count,
    ...roles.filter(({ opens }) => opens).flatMap(formatRole),
    ...roles.filter(isNearMiss).flatMap(formatRole),
  ];
}

/** Roles that mean this provider and still stay shut; of the others there may be hundreds. */
function isNearMiss(answer: RoleAnswer): boolean {
  if (answer.opens) return false;
  const statements = answer.decision?.policies.flatMap((policy) => policy.statements) ?? [];
  return statements.some(({ failed }) => failed !== 'principal');
}

function formatRole(answer: RoleAnswer): readonly string[] {
  if (!answer.opens)
    return [
      ...formatRefusal(`  stays shut  ${answer.role}`, answer.refusal),
      ...(answer.decision?.policies ?? []).flatMap((policy) => formatPolicy(policy)).flatMap(indented),
    ];
  const tags = Object.entries(answer.tags).map(([key, value]) => `${key}=${value}`);
  const tagged = tags.length === 0 ? '' : `, tags ${tags.join(' ')}`;
  return [`  opens       ${answer.role} as session ${answer.session}${tagged}`];
}

function indented(line: string): readonly string[] {
  return line
    .split('\n')
    .filter((part) => part !== '')
    .map((part) => `    ${part}`);
}

function formatMetadata({
  signature,
  validUntil,
  cacheDurationSeconds,
  entities,
}: MetadataInspection): readonly string[] {
  const { over, algorithm, certificate, fault } = signature ?? {};
  const signed = signature
    ? `${over ?? ''}, ${algorithm ?? '-'}, which names ${nameOf(certificate)}${fault === undefined ? ' and fits it' : `; it ${fault}`}`
    : 'nothing, or it cannot be looked at';
  return [
    'Metadata that can be used here. It is trusted for where it comes from, not for its signature.',
    ...table([
      ['signed', signed],
      ['valid until', validUntil ?? 'for ever'],
      ['fetched again', cacheDurationSeconds === undefined ? undefined : `after ${cacheDurationSeconds} s`],
    ]),
    ...entities.flatMap(formatEntity),
  ];
}

function formatEntity(entity: MetadataInspection['entities'][number]): readonly string[] {
  const { entityId, signingKeys, singleSignOn, singleLogout, wantAuthnRequestsSigned, providers } = entity;
  const endpoint = (name: string) => (one: { binding: string; location: string }) =>
    [`  ${name}`, `${one.binding} ${one.location}`] as const;
  return [
    '',
    `identity provider ${entityId}`,
    ...table([
      ...signingKeys.map((key) => ['  signs with', nameOf(key)] as const),
      ...singleSignOn.map(endpoint('sign-in')),
      ...singleLogout.map(endpoint('sign-out')),
      ['  wants requests', wantAuthnRequestsSigned ? 'signed' : 'signed or not'],
      ...(providers?.length === 0 ? [['  here', 'no samlProvider has this entity'] as const] : []),
      ...(providers ?? []).map(({ arn, difference }) => ['  here', `${arn}: ${difference}`] as const),
    ]),
  ];
}

function table(rows: readonly (readonly [string, string | undefined])[]): readonly string[] {
  const present = rows.flatMap(([name, value]) => (value === undefined ? [] : [[`  ${name}`, value]]));
  // One cell may hold what looks like a row: it is made printable before the table is cut into lines.
  return formatTable(present.map((cells) => cells.map(printable))).split('\n');
}
