import { expect, test } from 'vitest';
import type { TopologyHints } from '../../../src/model/operator.ts';
import { gatherHints } from '../../../src/pipeline/hints.ts';
import type { Settings } from '../../../src/probes/settings.ts';

const none: Settings = { masters: [], portForward: 'allowed', exec: 'forbidden', lbConnections: 8, deep: false };

const remembered: TopologyHints = {
  platform: { kind: 'kubeadm', detail: 'seen' },
  etcd: 'stacked',
  masters: [{ address: '10.0.0.9:6443', from: 'remembered' }],
  members: [{ address: '10.0.0.9:2379', from: 'remembered' }],
};

test('nothing named, nothing remembered: no hint', () => {
  expect(gatherHints(none, undefined)).toEqual({ masters: [], members: [] });
});

test('what the user names comes before what is remembered, and nothing remembered is lost', () => {
  const settings: Settings = {
    ...none,
    masters: ['10.0.0.1'],
    etcd: { endpoints: ['https://10.0.0.1:2379', '10.0.0.2:2379'], from: 'environment' },
  };
  expect(gatherHints(settings, remembered)).toEqual({
    platform: remembered.platform,
    etcd: 'stacked',
    masters: [{ address: '10.0.0.1', from: 'flag' }, ...remembered.masters],
    members: [{ address: '10.0.0.1:2379', from: 'environment' }, { address: '10.0.0.2:2379', from: 'environment' }, ...remembered.members],
  });
});

test('an etcd certificate without an address hints at nothing', () => {
  expect(gatherHints({ ...none, etcd: { endpoints: [], certificate: 'c.pem', key: 'k.pem', from: 'flag' } }, undefined).members).toEqual(
    [],
  );
});
