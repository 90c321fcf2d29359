/** An Amazon Resource Name, `arn:partition:service:region:account:resource`, checked by {@link parseArn}. */
export type Arn = string & { readonly __brand: 'Arn' };

/** Twelve digits, leading zeros kept. */
export type AccountId = string & { readonly __brand: 'AccountId' };

export type ArnParts = {
  readonly partition: string;
  readonly service: string;
  readonly region: string;
  readonly account: string;
  /** Everything after the fifth colon; may hold further colons. */
  readonly resource: string;
};

/** Splits at the first five colons; `undefined` where the text is no ARN. */
export function splitArn(text: string): ArnParts | undefined {
  const [arn, partition, service, region, account, ...rest] = text.split(':');
  if (arn !== 'arn' || partition === undefined || service === undefined || region === undefined)
    return undefined;
  if (account === undefined || rest.length === 0) return undefined;
  const resource = rest.join(':');
  if (partition === '' || service === '' || resource === '') return undefined;
  return { partition, service, region, account, resource };
}

export function isArn(text: string): text is Arn {
  return splitArn(text) !== undefined;
}

export function isAccountId(text: string): text is AccountId {
  return /^\d{12}$/.test(text);
}
