// Is what a member shows its peers judged by the authority of peers, wherever files tell which that is?
import { afterAll, expect, test } from 'vitest';
import peerPort from '../../../../src/probes/etcd/peer-port.ts';
import type { RawTry, Source } from '../../../../src/sources/source.ts';
import { memberAt, surroundings } from '../kit/around.ts';
import { Authority, temporaryFolder } from '../kit/authority.ts';

const folder = temporaryFolder();
afterAll(folder.remove);

const ofClients = new Authority(folder.path, { subject: '/CN=etcd-server-ca' });
const ofPeers = new Authority(folder.path, { subject: '/CN=etcd-peer-ca' });
const member = memberAt('10.0.0.1', 2379, 2380);
const at = Date.now();
const shown: RawTry = {
  address: '10.0.0.1:2380',
  sentAt: at - 5,
  receivedAt: at,
  connected: true,
  chain: [ofPeers.issue({ names: 'IP:10.0.0.1' }).der],
};

async function look(anchors: Source['anchors']) {
  const divert = (): Partial<Source> => ({ knock: () => Promise.resolve(shown), anchors });
  const around = await surroundings({ topology: { members: [member] }, divert });
  return peerPort.read((await peerPort.gather(member.subject, around)).raw);
}

test('by its own authority where that is known', async () => {
  const knock = await look((identity) => [(identity === 'etcd-peer' ? ofPeers : ofClients).own.der]);
  expect(knock).toMatchObject({ trust: { kind: 'trusted' }, authoritiesOf: 'peers', authorities: [{ subject: 'CN=etcd-peer-ca' }] });
});

test('else by that of clients, and the evidence says no more of it', async () => {
  const knock = await look((identity) => (identity === 'etcd' ? [ofClients.own.der] : []));
  expect(knock).toMatchObject({ trust: { why: 'unknown-authority' }, authorities: [{ subject: 'CN=etcd-server-ca' }] });
  expect(knock.authoritiesOf).toBeUndefined();
});

test('without any it is shown, and not judged', async () => {
  const knock = await look(() => []);
  expect(knock).toMatchObject({ outcome: { kind: 'open' }, chain: [{ issuer: 'CN=etcd-peer-ca' }] });
  expect(knock.trust).toBeUndefined();
});
