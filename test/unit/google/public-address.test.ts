import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import dns from 'node:dns';
import { afterEach, mock, suite, test } from 'node:test';
import { isLoopback, isPublicHost, lookupPublic } from '../../../src/google/public-address';

const hostOf = (host: string) => new URL(`https://${host}/`).hostname;

const LOOPBACK = [
  '127.0.0.1',
  '127.1',
  '127.255.255.254',
  '0x7f000001',
  '2130706433',
  '[::1]',
  'localhost',
  'LOCALHOST.',
];
const NOT_PUBLIC = [
  ...LOOPBACK,
  '0.0.0.0',
  '10.0.0.1',
  '100.64.0.1',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.0.1',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '[::]',
  '[::ffff:127.0.0.1]',
  '[::ffff:169.254.169.254]',
  '[::ffff:10.0.0.1]',
  '[::127.0.0.1]',
  '[64:ff9b::a9fe:a9fe]',
  '[2002:a9fe:a9fe::]',
  '[fc00::1]',
  '[fd00:ec2::254]',
  '[fd20:ce::254]',
  '[fe80::1]',
  'metadata',
  'metadata.google.internal',
  'METADATA.google.internal.',
  'printer.local',
  'a.localhost',
  'db.corp',
];
const PUBLIC = [
  'storage.googleapis.com',
  'us-central1-docker.pkg.dev',
  '8.8.8.8',
  '172.32.0.1',
  '[2001:4860:4860::8888]',
];

suite('a host', () => {
  test('of this machine is loopback in any notation of its address', () => {
    for (const host of LOOPBACK) assert.equal(isLoopback(hostOf(host)), true, host);
    for (const host of [...PUBLIC, '128.0.0.1', 'localhost.example', '127.0.0.1.example', '[::2]']) {
      assert.equal(isLoopback(hostOf(host)), false, host);
    }
  });

  test('is public only if it belongs to no private network, metadata server or local machine', () => {
    for (const host of NOT_PUBLIC) assert.equal(isPublicHost(hostOf(host)), false, host);
    for (const host of PUBLIC) assert.equal(isPublicHost(hostOf(host)), true, host);
  });
});

suite('the lookup of a public host', () => {
  afterEach(() => {
    mock.restoreAll();
  });

  function resolveTo(...addresses: string[]): void {
    const found = addresses.map((address): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 }));
    const lookup = (_: string, __: unknown, callback: (error: null, addresses: LookupAddress[]) => void) => {
      callback(null, found);
    };
    // A mock of a mock is not restored to the function of Node.js.
    mock.restoreAll();
    mock.method(dns, 'lookup', lookup as never);
  }

  const lookUp = (all: boolean) =>
    new Promise<unknown>((resolve, reject) => {
      lookupPublic('storage.example', { all }, (error, address) => {
        if (error) reject(error);
        else resolve(address);
      });
    });

  test('returns public addresses, and those of private networks, which private endpoints have', async () => {
    resolveTo('203.0.113.7', '10.1.2.3');
    assert.equal(await lookUp(false), '203.0.113.7');
    assert.deepEqual(await lookUp(true), [
      { address: '203.0.113.7', family: 4 },
      { address: '10.1.2.3', family: 4 },
    ]);
  });

  test('rejects a name with an address of this machine, its link or its metadata server', async () => {
    for (const address of ['127.0.0.1', '169.254.169.254', '0.0.0.0', '::1', 'fe80::1', '::ffff:169.254.169.254']) {
      resolveTo('203.0.113.7', address);
      for (const all of [false, true]) await assert.rejects(lookUp(all), /address of this machine or its link/);
    }
  });
});
