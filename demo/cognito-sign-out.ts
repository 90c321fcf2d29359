import { isOfThisMachine, refusal, seeOther, type Answer, type Asked } from './answer.ts';
import { demoClient } from './demo-client.ts';

/** Cognito's way out: it asks nothing and leads back, to where the client registered. Nobody is remembered here anyhow. */
export function signOutOfCognito({ query }: Asked): Answer {
  const logoutUri = query.get('logout_uri') ?? '';
  if (query.get('client_id') !== demoClient.id) return refusal(400, 'there is no such client_id');
  return isOfThisMachine(logoutUri)
    ? seeOther(logoutUri)
    : refusal(400, 'logout_uri must be on this machine');
}
