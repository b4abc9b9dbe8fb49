// Which names does a certificate cover, and which address has the first Service?
import { expect, test } from 'vitest';
import { covers, firstServiceAddress } from '../../../src/judge/readings/certificate-names.ts';
import { certificate } from '../../kit/world.ts';

const leaf = certificate('m1', { names: ['api.example.org', '*.lb.example.org', 'API.UPPER'], addresses: ['10.0.0.1', 'fd00::1'] });
test.each([
  ['api.example.org', true],
  ['API.example.org.', true],
  ['one.lb.example.org', true],
  ['a.b.lb.example.org', false],
  ['lb.example.org', false],
  ['api.upper', true],
  ['10.0.0.1', true],
  ['[fd00:0:0::1]', true],
  ['10.0.0.2', false],
  ['', false],
])('%s: %s', (host, expected) => expect(covers(leaf, host)).toBe(expected));

test.each([
  ['10.96.0.0/12', '10.96.0.1'],
  ['172.20.5.0/16', '172.20.0.1'],
  ['fd00:10:96::/112', 'fd00:10:96::1'],
  ['', undefined],
  ['nonsense/12', undefined],
])('first address of %s', (range, expected) => expect(firstServiceAddress(range)).toBe(expected));
