import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';

// Nothing about Rolebridge: endpoint, role, token file and region come from the environment, as in any program.
const sts = new STSClient({});
const { Arn } = await sts.send(new GetCallerIdentityCommand({}));
process.stdout.write(`${Arn ?? ''}\n`);

// Role chaining: credentials of the one role open the next.
const RoleArn = 'arn:aws:iam::123456789012:role/read-logs';
const { AssumedRoleUser, Credentials } = await sts.send(
  new AssumeRoleCommand({ RoleArn, RoleSessionName: 'sdk' }),
);
process.stdout.write(
  `${AssumedRoleUser?.Arn ?? ''} ${Credentials?.AccessKeyId ?? ''} until ${Credentials?.Expiration?.toISOString() ?? ''}\n`,
);
