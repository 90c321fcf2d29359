import { expect, test } from 'vitest';
import { checkProviderConfiguration } from '../../../../src/http/oidc/check-provider.ts';

test('refuses to start with storage, keys or pages of the library', () => {
  expect(() => {
    checkProviderConfiguration({ features: { devInteractions: { enabled: true } } });
  }).toThrow(/adapter, jwks, .*features\.deviceFlow/);
});
