import { startOidcIdp } from '../test/support/oidc-idp.ts';

// node bench/oidc-provider.ts COUNT: a provider with so many people, person-0 and so on. Its issuer is below its address.
const count = Number(process.argv[2] ?? '1');
const people = Array.from({ length: count }, (_, index) => ({
  sub: `person-${index}`,
  name: `Person ${index}`,
  email: `person-${index}@acme.example`,
}));
const { issuer } = await startOidcIdp({ people });
process.stderr.write(`${new URL(issuer).origin}\n`);
process.once('SIGTERM', () => process.exit(0));
