import { z } from 'zod';
import { isArn, type Arn } from '../role/arn.ts';

const arn = z.string().transform((text): Arn => (isArn(text) ? text : z.NEVER));
const texts = z.array(z.string());
const textsByName = z.array(z.tuple([z.string(), texts])).transform((entries) => new Map(entries));
const conditionKeys = z
  .array(z.tuple([z.string(), z.union([z.string(), texts])]))
  .transform((entries) => new Map(entries));

const samlSchema = z.strictObject({
  assertionId: z.string(),
  inResponseTo: z.string().exactOptional(),
  recipient: z.string(),
  subjectType: z.string(),
  nameQualifier: z.string(),
  nameId: z.strictObject({
    value: z.string(),
    format: z.string().exactOptional(),
    nameQualifier: z.string().exactOptional(),
    spNameQualifier: z.string().exactOptional(),
  }),
  sessionIndex: z.string().exactOptional(),
  sessionNotOnOrAfterMs: z.number().exactOptional(),
  issueInstantMs: z.number(),
  authnInstantMs: z.number(),
  authnContextClassRef: z.string().exactOptional(),
  attributes: textsByName,
});

const identityMembers = {
  providerArn: arn,
  issuer: z.string(),
  subject: z.string(),
  audience: z.string(),
  conditionKeys,
  tags: z.record(z.string(), z.string()),
  transitiveTagKeys: texts,
  sourceIdentity: z.string().exactOptional(),
  proofHash: z.string(),
  proofId: z.string(),
  expiresAtMs: z.number(),
};

/** An identity in a record of ours, as {@link encodeRecord} wrote it. */
export const identitySchema = z.discriminatedUnion('kind', [
  z.strictObject({ ...identityMembers, kind: z.literal('web-identity') }),
  z.strictObject({ ...identityMembers, kind: z.literal('saml'), saml: samlSchema }),
]);

/** JSON text of a record that may hold an identity: its maps become lists of pairs. */
export function encodeRecord(record: unknown): string {
  return JSON.stringify(record, (_, value: unknown) => (value instanceof Map ? [...value] : value));
}
