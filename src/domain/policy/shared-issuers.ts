/** A claim that tells whose token it is, and which of the values written for it name one owner. */
type OwnerClaim = {
  /** Lower case. With a colon it is a whole condition key, else a claim of the issuer. */
  readonly claim: string;
  readonly namesOwner: (value: string) => boolean;
};

/** An issuer that signs tokens for anybody who has an account with it: its signature alone says nothing about who asks. */
export type SharedIssuer = {
  /** Issuer without scheme, or the part of it before the customer's own path. */
  readonly host: string;
  readonly claims: readonly OwnerClaim[];
  /** What to write, for a person. */
  readonly example: string;
};

export const GITHUB_ACTIONS = 'token.actions.githubusercontent.com';

const github: SharedIssuer = {
  host: GITHUB_ACTIONS,
  claims: [
    { claim: 'sub', namesOwner: delimited('repo:', '/') },
    // Organisations may make GitHub put other claims in front of the subject.
    { claim: 'sub', namesOwner: delimited('repository_owner:', ':') },
    { claim: 'sub', namesOwner: delimited('repository_owner_id:', ':') },
    { claim: 'sub', namesOwner: delimited('repository_id:', ':') },
    { claim: 'repository_owner', namesOwner: isWhole },
    { claim: 'repository_owner_id', namesOwner: isWhole },
    { claim: 'repository', namesOwner: delimited('', '/') },
    { claim: 'repository_id', namesOwner: isWhole },
    { claim: 'enterprise', namesOwner: isWhole },
    { claim: 'enterprise_id', namesOwner: isWhole },
  ],
  example: 'repo:OWNER/REPOSITORY:ref:refs/heads/main',
};
const gitlab: SharedIssuer = {
  host: 'gitlab.com',
  claims: [
    { claim: 'sub', namesOwner: delimited('project_path:', '/') },
    { claim: 'project_path', namesOwner: delimited('', '/') },
    { claim: 'project_id', namesOwner: isWhole },
    { claim: 'namespace_path', namesOwner: isWhole },
    { claim: 'namespace_id', namesOwner: isWhole },
  ],
  example: 'project_path:GROUP/PROJECT:ref_type:branch:ref:main',
};
const buildkite: SharedIssuer = {
  host: 'agent.buildkite.com',
  claims: [
    { claim: 'sub', namesOwner: delimited('organization:', ':') },
    { claim: 'organization_slug', namesOwner: isWhole },
    { claim: 'organization_id', namesOwner: isWhole },
    { claim: 'pipeline_id', namesOwner: isWhole },
  ],
  example: 'organization:ORGANIZATION:pipeline:PIPELINE:*',
};
const circleci: SharedIssuer = {
  host: 'oidc.circleci.com/org',
  claims: [
    { claim: 'sub', namesOwner: delimited('org/', '/') },
    { claim: 'oidc.circleci.com/project-id', namesOwner: isWhole },
  ],
  example: 'org/ORGANIZATION-ID/project/PROJECT-ID/*',
};
const terraform: SharedIssuer = {
  host: 'app.terraform.io',
  claims: [
    { claim: 'sub', namesOwner: delimited('organization:', ':') },
    { claim: 'terraform_organization_id', namesOwner: isWhole },
    { claim: 'terraform_organization_name', namesOwner: isWhole },
    { claim: 'terraform_workspace_id', namesOwner: isWhole },
  ],
  example: 'organization:ORGANIZATION:project:PROJECT:workspace:WORKSPACE:run_phase:apply',
};

/** Issuers whose subjects have no published shape here: the claim must at least begin with something (wire-spec 3.3). */
const others = [
  ['vstoken.actions.githubusercontent.com', 'sub'],
  ['oidc-configuration.audit-log.githubusercontent.com', 'sub'],
  ['oidc.codefresh.io', 'sub'],
  ['studio.datachain.ai/api', 'sub'],
  ['scalr.io', 'sub'],
  ['tokens.cloud.shisho.dev', 'sub'],
  ['proidc.upbound.io', 'sub'],
  ['api.pulumi.com/oidc', 'aud'],
  ['sandboxes.cloud', 'aud'],
  ['oidc.vercel.com', 'aud'],
  ['cognito-identity.amazonaws.com', 'aud'],
  ['sts.windows.net/33e01921-4d64-4f8c-a055-5bdaffd5e33d', 'sts:rolesessionname'],
] as const;

const sharedIssuers: readonly SharedIssuer[] = [
  github,
  gitlab,
  buildkite,
  circleci,
  terraform,
  ...others.map(([host, claim]) => ({
    host,
    claims: [{ claim, namesOwner: beginsWithText }],
    example: 'OWNER…',
  })),
];

/** The entry for an issuer (without scheme), if it is one that strangers share. */
export function findSharedIssuer(issuer: string): SharedIssuer | undefined {
  const folded = issuer.toLowerCase();
  return sharedIssuers.find(({ host }) => folded === host || folded.startsWith(`${host}/`));
}

/** Whether a value leaves something open: a wildcard, or a variable that the request fills in. */
export function isOpen(value: string): boolean {
  return /[*?]|\$\{/.test(value);
}

function isWhole(value: string): boolean {
  return value !== '' && !isOpen(value);
}

/** The owner stands between `prefix` and the first `delimiter` behind it; `repo:acme*` would be anybody's `acme-evil`. */
function delimited(prefix: string, delimiter: string): (value: string) => boolean {
  return (value) => {
    if (!value.startsWith(prefix)) return false;
    const rest = value.slice(prefix.length);
    const end = rest.indexOf(delimiter);
    return isWhole(end < 0 ? rest : rest.slice(0, end));
  };
}

function beginsWithText(value: string): boolean {
  return value !== '' && !/^(?:[*?]|\$\{)/.test(value);
}
