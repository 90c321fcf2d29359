/** One string, or the values of a multivalued key. An absent key is not in the map. */
export type ContextValue = string | readonly string[];

/** Condition keys of a request. Keys are lower case: names compare without case, values do not (wire-spec 6.4). */
export type RequestContext = ReadonlyMap<string, ContextValue>;

/** Who asks. `account` is twelve digits; `userId` is `AIDA…`, `AROA…:session`, `<account>:<name>` or the account (root). */
export type Principal =
  | { readonly type: 'user'; readonly arn: string; readonly account: string; readonly userId: string }
  | {
      readonly type: 'assumed-role';
      readonly arn: string;
      readonly roleArn: string;
      readonly account: string;
      readonly userId: string;
    }
  | {
      readonly type: 'federated-user';
      readonly arn: string;
      /** The user who called GetFederationToken. */
      readonly parentArn: string;
      readonly account: string;
      readonly userId: string;
    }
  | { readonly type: 'root'; readonly arn: string; readonly account: string; readonly userId: string }
  | { readonly type: 'web-identity' | 'saml'; readonly providerArn: string }
  | { readonly type: 'service'; readonly service: string }
  | { readonly type: 'anonymous' };

/** What is asked: may `principal` do `action` on `resource`? */
export type PolicyRequest = {
  readonly principal: Principal;
  /** `service:Name`. */
  readonly action: string;
  /** ARN, or `*`. */
  readonly resource: string;
  /** Owner of the resource; default: the principal's account. */
  readonly resourceAccount?: string;
  readonly context: RequestContext;
  /** Role trust and KMS keys: without a grant in the resource policy nothing is allowed (wire-spec 6.1, D8). */
  readonly resourcePolicyMandatory?: boolean;
  readonly principalInManagementAccount?: boolean;
  readonly resourceInManagementAccount?: boolean;
};
