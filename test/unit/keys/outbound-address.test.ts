import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRefusedAddress } from '../../../src/keys/outbound-address.ts';

const privateAddresses = [
  '10.0.0.1',
  '100.64.0.1',
  '127.0.0.1',
  '127.9.9.9',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '::1',
  'fc00::1',
  'fdff::1',
  '::ffff:10.0.0.1',
  '::ffff:7f00:1',
  '64:ff9b::10.0.0.1',
  '64:ff9b::7f00:1',
];
const unusable = [
  '0.0.0.0',
  '169.254.169.254',
  '192.0.0.192',
  '192.0.2.1',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '239.1.1.1',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  'fe80::1',
  'fe80::1%eth0',
  'ff02::1',
  '::ffff:169.254.169.254',
  '::169.254.169.254',
  '64:ff9b::169.254.169.254',
  '64:ff9b:1::1',
  '2002:a00:1::1',
  '2002:7f00:1::',
  '2001::1',
  '2001:db8::1',
  '3fff::1',
  '4000::1',
  'localhost',
  '',
  '1.2.3',
];
const publicAddresses = [
  '8.8.8.8',
  '100.63.255.255',
  '100.128.0.1',
  '172.15.0.1',
  '172.32.0.1',
  '192.169.0.1',
  '2606:4700::1',
  '64:ff9b::8.8.8.8',
];

describe('isRefusedAddress', () => {
  it.each(privateAddresses)('refuses %s unless private addresses are allowed', (address) => {
    expect(isRefusedAddress(address, 'deny')).toBe(true);
    expect(isRefusedAddress(address, 'allow')).toBe(false);
  });

  it.each(unusable)('refuses %s even where private addresses are allowed', (address) => {
    expect(isRefusedAddress(address, 'deny')).toBe(true);
    expect(isRefusedAddress(address, 'allow')).toBe(true);
  });

  it.each(publicAddresses)('allows %s', (address) => {
    expect(isRefusedAddress(address, 'deny')).toBe(false);
  });

  it('judges an IPv4 address behind NAT64 like the address itself (RFC 6052)', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(isRefusedAddress(`64:ff9b::${address}`, 'deny')).toBe(isRefusedAddress(address, 'deny'));
      }),
    );
  });

  it('never lets an IPv4-mapped address be more than the address itself', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(isRefusedAddress(`::ffff:${address}`, 'deny')).toBe(true);
      }),
    );
  });
});
