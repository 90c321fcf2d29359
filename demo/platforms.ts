import { createHash, randomInt, randomUUID } from 'node:crypto';

/** What a caller asks of a platform, by parameter; parameters that were not given have their defaults. */
type Asked = Readonly<Record<string, string>>;
type Claims = Readonly<Record<string, unknown>>;

/** A platform as its tokens look, without `iss`, `aud`, `iat`, `nbf` and `exp`. */
export type Platform = {
  /** Where the platform's own discovery document sends for the keys. */
  readonly jwksPath: string;
  /** Every parameter that may be asked for, with its default. */
  readonly parameters: Asked;
  /** What a parameter may be, where it is a choice. */
  readonly choices: Readonly<Record<string, readonly string[]>>;
  readonly claims: (asked: Asked) => Claims;
  /** Kubernetes sends a list, even of one. */
  readonly audienceIsList?: true;
};

/** GitHub Actions: https://docs.github.com/en/actions/reference/security/oidc */
const github: Platform = {
  jwksPath: '/.well-known/jwks',
  parameters: {
    repository: 'acme/app',
    ref: 'refs/heads/main',
    environment: '',
    event_name: 'push',
    actor: 'octocat',
    workflow: 'deploy.yml',
    sub_form: 'classic',
  },
  choices: { event_name: ['push', 'pull_request', 'workflow_dispatch'], sub_form: ['classic', 'new'] },
  claims: (asked) => {
    const { repository = '', ref = '', environment = '', event_name: event = '', actor = '' } = asked;
    const [owner = '', name = ''] = repository.split('/');
    const sha = digest(repository + ref).slice(0, 40);
    const isPullRequest = event === 'pull_request';
    const mergeRef = isPullRequest ? 'refs/pull/7/merge' : ref;
    const workflowRef = `${repository}/.github/workflows/${asked['workflow'] ?? ''}@${mergeRef}`;
    const context = isPullRequest ? 'pull_request' : `ref:${ref}`;
    const subjectOf =
      asked['sub_form'] === 'new'
        ? `repo:${owner}@${ownerIdOf(owner)}/${name}@${repositoryIdOf(repository)}`
        : `repo:${repository}`;
    return {
      jti: randomUUID(),
      sub: `${subjectOf}:${environment === '' ? context : `environment:${environment}`}`,
      ref: mergeRef,
      sha,
      repository,
      repository_owner: owner,
      repository_owner_id: ownerIdOf(owner),
      run_id: String(randomInt(10_000_000_000, 20_000_000_000)),
      run_number: '42',
      run_attempt: '1',
      repository_visibility: 'private',
      repository_id: repositoryIdOf(repository),
      actor_id: numberOf(actor),
      actor,
      workflow: 'Deploy',
      head_ref: isPullRequest ? ref.replace('refs/heads/', '') : '',
      base_ref: isPullRequest ? 'main' : '',
      event_name: event,
      ref_protected: String(ref === 'refs/heads/main'),
      ref_type: ref.startsWith('refs/tags/') ? 'tag' : 'branch',
      workflow_ref: workflowRef,
      workflow_sha: sha,
      job_workflow_ref: workflowRef,
      job_workflow_sha: sha,
      runner_environment: 'github-hosted',
      check_run_id: String(randomInt(10_000_000_000, 20_000_000_000)),
      ...(environment === ''
        ? {}
        : { environment, environment_node_id: `EN_${digest(environment).slice(0, 12)}` }),
    };
  },
};

/** GitLab CI/CD: https://docs.gitlab.com/ci/secrets/id_token_authentication/ */
const gitlab: Platform = {
  jwksPath: '/oauth/discovery/keys',
  parameters: {
    project_path: 'acme/app',
    ref: 'main',
    ref_type: 'branch',
    ref_protected: 'true',
    user_login: 'jane',
  },
  choices: { ref_type: ['branch', 'tag'], ref_protected: ['true', 'false'] },
  claims: ({ project_path: project = '', ref = '', ref_type: type = '', ...asked }) => {
    const namespace = project.slice(0, Math.max(0, project.lastIndexOf('/')));
    const user = asked['user_login'] ?? '';
    const sha = digest(project + ref).slice(0, 40);
    const place = {
      project_id: numberOf(project),
      project_path: project,
      namespace_id: numberOf(namespace),
      namespace_path: namespace,
    };
    return {
      ...place,
      ...Object.fromEntries(Object.entries(place).map(([claim, value]) => [`job_${claim}`, value])),
      user_id: numberOf(user),
      user_login: user,
      user_email: `${user}@acme.example`,
      user_access_level: 'maintainer',
      user_identities: [{ provider: 'saml', extern_uid: user }],
      groups_direct: ['acme', 'acme/developers'],
      pipeline_id: String(randomInt(1e9)),
      pipeline_source: 'push',
      job_id: String(randomInt(1e9)),
      ref,
      ref_type: type,
      ref_path: `refs/${type === 'tag' ? 'tags' : 'heads'}/${ref}`,
      ref_protected: asked['ref_protected'] ?? '',
      runner_id: 1,
      runner_environment: 'gitlab-hosted',
      sha,
      project_visibility: 'private',
      ci_config_ref_uri: `gitlab.example/${project}//.gitlab-ci.yml@refs/heads/${ref}`,
      ci_config_sha: sha,
      jti: randomUUID(),
      sub: `project_path:${project}:ref_type:${type}:ref:${ref}`,
    };
  },
};

/** A projected service account token: https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/ */
const kubernetes: Platform = {
  jwksPath: '/openid/v1/jwks',
  parameters: { namespace: 'shop', service_account: 'web', pod: 'web-0' },
  choices: {},
  audienceIsList: true,
  claims: ({ namespace = '', service_account: account = '', pod = '' }) => ({
    jti: randomUUID(),
    'kubernetes.io': {
      namespace,
      node: { name: 'node-1', uid: uuidOf('node-1') },
      pod: { name: pod, uid: uuidOf(pod) },
      serviceaccount: { name: account, uid: uuidOf(namespace + account) },
    },
    sub: `system:serviceaccount:${namespace}:${account}`,
  }),
};

export const platforms = { github, gitlab, kubernetes } as const;
export type PlatformName = keyof typeof platforms;

/** Equal at every start, since policies name them; the demo's own stand in config/demo.yaml. */
function ownerIdOf(owner: string): string {
  return owner === 'acme' ? '1001' : numberOf(owner);
}

function repositoryIdOf(repository: string): string {
  return repository === 'acme/app' ? '2001' : numberOf(repository);
}

function numberOf(name: string): string {
  return String(Number.parseInt(digest(name).slice(0, 7), 16));
}

function uuidOf(name: string): string {
  const hex = digest(name);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  );
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
