/**
 * What deflate may refer back to when it packs a session's claims: the names and value shapes that the common issuers'
 * tokens share. It belongs to versions 1 and 2 of the record for good: changing one byte makes every stored session unreadable,
 * so better words need a new record version. The likeliest text comes last, where references are shortest.
 */
export const CLAIMS_DICTIONARY = Buffer.from(
  [
    // People: OpenID Connect
    '.apps.googleusercontent.com","@gmail.com","openid profile email","https://login.microsoftonline.com/',
    '":acr","","":amr",["pwd","mfa"],":auth_time","17",":at_hash","",":c_hash","",":client_id","',
    '",":email","",":email_verified","true",":name","",":given_name","",":family_name","',
    '",":preferred_username","",":picture","https://",":locale","en",":groups",["",":roles",["',
    '",":tid","",":oid","",":hd","",":nonce","",":scope","",":session_state","",":updated_at","17',
    // Kubernetes: service account tokens
    '[":aud","https://kubernetes.default.svc",":iss","https://oidc.eks.us-east-1.amazonaws.com/id/',
    '",":kubernetes.io.namespace","",":kubernetes.io.node.name","",":kubernetes.io.node.uid","',
    '",":kubernetes.io.pod.name","",":kubernetes.io.pod.uid","",":kubernetes.io.serviceaccount.name","',
    '",":kubernetes.io.serviceaccount.uid","",":kubernetes.io.warnafter","',
    '",":sub","system:serviceaccount:default:',
    // GitLab: CI/CD ID tokens
    '",":user_id","",":user_login","",":user_email","",":user_access_level","developer',
    '",":user_identities",["",":namespace_id","",":namespace_path","",":project_id","',
    '",":project_path","",":project_visibility","private",":pipeline_id","',
    '",":pipeline_source","push","merge_request_event","web",":job_id","',
    '",":ref_path","refs/heads/",":groups_direct",["",":environment_protected","',
    '",":deployment_tier","",":deployment_action","",":runner_id","",":runner_environment","gitlab-hosted',
    '",":ci_config_ref_uri","gitlab.com//.gitlab-ci.yml@refs/heads/main",":ci_config_sha","',
    '",":iss","https://gitlab.com",":sub","project_path:/:ref_type:branch:ref:main',
    // GitHub Actions
    'dependabot[bot]pull_request","pull_request_target","workflow_dispatch","schedule","release","merge_group',
    ':environment:production","staging","self-hosted","public","internal","tag":ref:refs/tags/v:pull_request',
    '",":enterprise","",":enterprise_id","",":environment","",":environment_node_id","EN_kwDO',
    '",":check_run_id","[":jti","",":sub","repo:",":aud","https://sts.amazonaws.com',
    '",":ref","refs/heads/main",":sha","",":repository","',
    '",":repository_owner","",":repository_owner_id","",":run_id","1',
    '",":run_number","",":run_attempt","1",":repository_visibility","private',
    '",":repository_id","",":actor_id","",":actor","",":workflow","',
    '",":head_ref","",":base_ref","",":event_name","push',
    '",":ref_protected","true","false",":ref_type","branch',
    '",":workflow_ref","/.github/workflows/ci.yml@refs/heads/main',
    '",":workflow_sha","",":job_workflow_ref","/.github/workflows/deploy.yml@refs/heads/main',
    '",":job_workflow_sha","",":runner_environment","github-hosted',
    '",":iss","https://token.actions.githubusercontent.com',
    '",":nbf","17","",":exp","17","",":iat","17',
  ].join(''),
);
