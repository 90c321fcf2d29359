import { z } from 'zod';

const list = z.array(z.string()).readonly();
const texts = z.union([z.string(), list]);

const conditionSchema = z.object({
  operator: z.string(),
  key: z.string(),
  expected: list,
  actual: texts.nullable(),
  passed: z.boolean(),
  hint: z.string().optional(),
});

const statementSchema = z.object({
  index: z.number(),
  sid: z.string().optional(),
  effect: z.enum(['Allow', 'Deny']),
  matched: z.boolean(),
  failed: z.string().optional(),
  expected: list.optional(),
  actual: z.string().optional(),
  conditions: z.array(conditionSchema).readonly(),
});

const policySchema = z.object({
  set: z.string(),
  policy: z.string(),
  statements: z.array(statementSchema).readonly(),
});

const eventSchema = z.object({
  eventTime: z.string(),
  eventName: z.string(),
  sourceIPAddress: z.string(),
  userAgent: z.string(),
  errorCode: z.string().optional(),
  errorMessage: z.string().optional(),
  requestID: z.string(),
  userIdentity: z.object({
    type: z.string(),
    arn: z.string().optional(),
    userName: z.string().optional(),
    identityProvider: z.string().optional(),
    accessKeyId: z.string().optional(),
  }),
  resources: z.array(z.object({ ARN: z.string() })),
  additionalEventData: z.object({
    outcome: z.string(),
    reference: z.string().optional(),
    claims: z.record(z.string(), texts).optional(),
    decision: z
      .object({
        action: z.string(),
        outcome: z.string(),
        reason: z.string(),
        policies: z.array(policySchema),
      })
      .optional(),
  }),
});

export type ExplainedPolicy = z.infer<typeof policySchema>;
export type ExplainedStatement = z.infer<typeof statementSchema>;
export type ExplainedCondition = z.infer<typeof conditionSchema>;

/** An audit event as people read it; `who` is the shortest name of the caller. */
export type ExplainedEvent = z.infer<typeof eventSchema> & { readonly who: string };

/** Parses the JSON of an audit record; `undefined` for one that this version does not understand. */
export function parseEvent(json: string): ExplainedEvent | undefined {
  const parsed = eventSchema.safeParse(JSON.parse(json));
  if (!parsed.success) return undefined;
  const { userIdentity } = parsed.data;
  const who = userIdentity.arn ?? userIdentity.userName ?? userIdentity.accessKeyId ?? userIdentity.type;
  return { ...parsed.data, who };
}
