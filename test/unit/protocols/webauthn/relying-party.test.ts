import { describe, expect, it } from 'vitest';
import { relyingPartyOf } from '../../../../src/protocols/webauthn/relying-party.ts';

describe('the relying party of an installation', () => {
  it.each([
    ['https://bridge.example.com', 'bridge.example.com', 'https://bridge.example.com'],
    ['https://bridge.example.com:8443', 'bridge.example.com', 'https://bridge.example.com:8443'],
    ['http://localhost:8080', 'localhost', 'http://localhost:8080'],
    ['http://bridge.localhost:8080', 'bridge.localhost', 'http://bridge.localhost:8080'],
  ])('of %s is %s', (publicUrl, id, origin) => {
    expect(relyingPartyOf(publicUrl)).toEqual({ id, origin });
  });

  it.each([
    ['an IPv4 address (WebAuthn Level 3, 5.1.3 step 8)', 'https://192.0.2.1'],
    ['this machine by its address', 'http://127.0.0.1:8080'],
    ['an IPv6 address', 'https://[2001:db8::1]:8443'],
    ['plain http to another machine (Secure Contexts 3.1)', 'http://bridge.example.com'],
    ['a name that only begins like this machine', 'http://localhost.example.com'],
    ['no URL', 'bridge.example.com'],
  ])('does not exist at %s', (_title, publicUrl) => {
    expect(relyingPartyOf(publicUrl)).toBeUndefined();
  });
});
