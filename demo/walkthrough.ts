import { ORDERS_AUDIENCE } from './orders/start-orders.ts';
import { COGNITO_PEOPLE, CORPORATE_PEOPLE, GOOGLE_PEOPLE } from './people.ts';

export type Walkthrough = {
  readonly bridgeUrl: string;
  /** The same for browsers: passkeys need a host name. */
  readonly pagesUrl: string;
  readonly issuerUrl: string;
  readonly dashboardUrl: string;
  readonly ordersUrl: string;
  /** As a shell in the demo's folder names them. */
  readonly config: string;
  readonly rolebridge: string;
  readonly node: string;
  readonly sdkScript: string;
  /** The folder for tokens and logs. */
  readonly state: string;
};

const ROLE = 'arn:aws:iam::123456789012:role';
const AWS4 = 'urn:rolebridge:params:oauth:token-type:aws4';
const SAML_PROVIDER = 'arn:aws:iam::123456789012:saml-provider/acme';

/** The commands to paste, one to a line, each step under a comment: a shell may be fed with all of it. */
export function renderWalkthrough(place: Walkthrough): string {
  const {
    bridgeUrl,
    pagesUrl,
    issuerUrl,
    dashboardUrl,
    ordersUrl,
    config,
    rolebridge,
    node,
    sdkScript,
    state,
  } = place;
  const token = (query: string, file: string): string =>
    `curl -sS '${issuerUrl}/${query}' > ${state}/${file}`;
  const assume = (role: string, file: string): string =>
    `curl -sS ${bridgeUrl}/ -d Action=AssumeRoleWithWebIdentity -d Version=2011-06-15 -d RoleArn=${ROLE}/${role}` +
    ` -d RoleSessionName=curl --data-urlencode WebIdentityToken@${state}/${file}`;
  const assertion = (query: string, file: string): string => token(`saml/response?${query}`, file);
  const assumeWithSaml = (file: string): string =>
    `curl -sS ${bridgeUrl}/ -d Action=AssumeRoleWithSAML -d Version=2011-06-15 -d RoleArn=${ROLE}/reports` +
    ` -d PrincipalArn=${SAML_PROVIDER} --data-urlencode SAMLAssertion@${state}/${file}`;
  return `
# Rolebridge answers at ${bridgeUrl}, and the demo's identity providers at ${issuerUrl}. Ctrl-C stops all.
# Its audit stream goes to ${state}/audit.log, its own log to ${state}/bridge.log.

# People: open ${pagesUrl}/signin in a browser, with one of these addresses or a button. Nobody has a password.
${renderPeople()}

# An application: open ${dashboardUrl} and sign in there as Maya. It asks for a second factor, exchanges
# its token for one of the service at ${ordersUrl}, and hears when somebody signs out.

# Machines: paste the following into another terminal, in this folder.

# 1. Get the token that GitHub would give to a job on the main branch of acme/app
${token('github/token?repository=acme/app&ref=refs/heads/main', 'token')}

# 2. Assume the role with the AWS CLI: an endpoint, a role, a token file and a region, but no keys.
#    The session name is there because the CLI caches credentials by it, and would find those of an earlier demo.
unset AWS_PROFILE AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
export AWS_ENDPOINT_URL_STS=${bridgeUrl} AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
export AWS_ROLE_ARN=${ROLE}/deploy AWS_WEB_IDENTITY_TOKEN_FILE=${state}/token AWS_ROLE_SESSION_NAME=demo-$(date +%s)
aws sts get-caller-identity
aws sts assume-role --role-arn ${ROLE}/read-logs --role-session-name demo

# 3. The same with the AWS SDK for JavaScript
${node} ${sdkScript}

# 4. The same with curl
${assume('deploy', 'token')}

# 5. A job on another branch is refused with a reference, by which an operator sees why
${token('github/token?repository=acme/app&ref=refs/heads/feature', 'token-feature')}
${assume('deploy', 'token-feature')} | tee ${state}/refusal
${rolebridge} explain "$(grep -oE '[A-Z2-7]{4}-[A-Z2-7]{4}' ${state}/refusal | head -n 1)" --config ${config}

# 6. Other platforms: a GitLab job, whose project becomes a session tag, and a pod
${token('gitlab/token?project_path=acme/app&ref=main', 'token-gitlab')}
${assume('build', 'token-gitlab')}
${token('kubernetes/token?namespace=shop&service_account=web', 'token-pod')}
${assume('web', 'token-pod')}

# 7. A role that takes each token once: the second call is refused
${token('github/token?repository=acme/app&environment=production', 'token-once')}
${assume('publish', 'token-once')}
${assume('publish', 'token-once')}

# 8. A person with a SAML assertion, as tools for AWS post it: with the AWS CLI, then with curl. An assertion opens
#    one session, so each call gets its own; the last one brings the same again and is refused.
${assertion('user=alice', 'assertion')}
aws sts assume-role-with-saml --role-arn ${ROLE}/reports --principal-arn ${SAML_PROVIDER} --saml-assertion file://${state}/assertion
${assertion('user=bob', 'assertion-curl')}
${rolebridge} saml inspect ${state}/assertion-curl --config ${config}
${assumeWithSaml('assertion-curl')}
${assumeWithSaml('assertion-curl')}

${renderExchanges(place)}
# 11. See what is open, end it, and read what happened
${rolebridge} sessions list --config ${config}
${rolebridge} sessions revoke --role ${ROLE}/deploy --config ${config}
${rolebridge} audit --since 1h --config ${config}
`;
}

/** Token exchange, and the device flow. */
function renderExchanges({ bridgeUrl, pagesUrl, ordersUrl, state }: Walkthrough): string {
  const exchange =
    `curl -sS ${bridgeUrl}/oidc/token -d grant_type=urn:ietf:params:oauth:grant-type:token-exchange -d client_id=deployer` +
    ` -d client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer --data-urlencode client_assertion@${state}/token` +
    ` -d subject_token_type=urn:ietf:params:oauth:token-type:jwt --data-urlencode subject_token@${state}/token`;
  const credentials = `${exchange} -d requested_token_type=${AWS4} -d resource=${ROLE}/deploy`;
  return `# 9. Exchange the job's token (RFC 8693): for one that the service orders takes, then for credentials. The token also
#    proves that the client is the application deployer, so there is no secret in any of this.
${exchange} -d resource=${ORDERS_AUDIENCE} -d scope=orders.read > ${state}/exchanged
sed -E 's/.*"access_token": ?"([^"]+)".*/Authorization: Bearer \\1/' ${state}/exchanged > ${state}/bearer
curl -sS ${ordersUrl}/orders -H @${state}/bearer
${credentials}
#    The answer is one that AWS's tools take from a credential_process as well.
printf '[profile exchanged]\\ncredential_process = %s\\n' '${credentials}' > ${state}/aws-config
export AWS_CONFIG_FILE=${state}/aws-config
aws sts get-caller-identity --profile exchanged

# 10. A tool without a browser: it shows a code, which somebody types at ${pagesUrl}/device. Before that the second
#     command answers authorization_pending, and afterwards tokens.
curl -sS ${bridgeUrl}/oidc/device_authorization -d client_id=example-cli -d scope=openid | tee ${state}/device
curl -sS ${bridgeUrl}/oidc/token -d client_id=example-cli -d grant_type=urn:ietf:params:oauth:grant-type:device_code -d "device_code=$(sed -E 's/.*"device_code": ?"([^"]+)".*/\\1/' ${state}/device)"
`;
}

function renderPeople(): string {
  const providers = { Google: GOOGLE_PEOPLE, Cognito: COGNITO_PEOPLE, SAML: CORPORATE_PEOPLE };
  return Object.entries(providers)
    .flatMap(([provider, people]) =>
      people.map(({ email, note }) => `#   ${email.padEnd(24)} ${provider.padEnd(8)} ${note}`),
    )
    .join('\n');
}
