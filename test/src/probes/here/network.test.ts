// Are the kernel's tables read as what they say, and is only what bears on the load balancer kept?
import { expect, test } from 'vitest';
import network from '../../../../src/probes/here/network.ts';
import { listenersIn, neighboursIn, ownAddressesIn } from '../../../../src/probes/shared/proc-net.ts';
import { clusterSubject } from '../../../../src/model/subject.ts';
import type { Source } from '../../../../src/sources/source.ts';
import { masterAt, surroundings } from '../kit/around.ts';

const trie = `Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 10.89.0.0
        /24 link UNICAST
     |-- 10.89.0.8
        /32 host LOCAL
     |-- 10.89.0.10
        /32 host LOCAL
     |-- 10.89.0.255
        /32 link BROADCAST
`;
const arp = `IP address       HW type     Flags       HW address            Mask     Device
10.89.0.9        0x1         0x2         B2:d8:e9:28:87:63     *        eth0
10.89.0.10       0x1         0x0         00:00:00:00:00:00     *        eth0
`;
const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:20FB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1
   1: 0A00590A:192B 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2 1
   2: 0A00590A:192B 0100590A:E000 01 00000000:00000000 00:00000000 00000000     0        0 3 1
`;
const tcp6 = `   0: 00000000000000000000000000000000:192B 00000000000000000000000000000000:0000 0A 00000000:0 0
   1: 000080FE00000000FFE9D8B0638728FE:192B 00000000000000000000000000000000:0000 0A 00000000:0 0
`;

test('addresses, neighbours and listening sockets', () => {
  expect([...ownAddressesIn(trie, 'fe80000000000000b0d8e9fffe288763 02 40 20 80 eth0\n')]).toEqual([
    '10.89.0.8',
    '10.89.0.10',
    'fe80::b0d8:e9ff:fe28:8763',
  ]);
  expect(neighboursIn(arp)).toEqual([
    { address: '10.89.0.9', hardware: 'b2:d8:e9:28:87:63' },
    { address: '10.89.0.10', hardware: '' },
  ]);
  expect(listenersIn(tcp, tcp6)).toEqual([
    { host: '', port: 8443 },
    { host: '10.89.0.10', port: 6443 },
    { host: '', port: 6443 },
    { host: 'fe80::b0d8:e9ff:fe28:8763', port: 6443 },
  ]);
  for (const table of ['', 'nonsense', '\u0000'.repeat(1000)]) {
    expect([...ownAddressesIn(table, table), ...neighboursIn(table), ...listenersIn(table, table)]).toEqual([]);
  }
});

test('only the addresses and ports that were asked about leave the machine', async () => {
  const tables: Readonly<Record<string, string>> = { fib_trie: trie, if_inet6: '', arp, tcp, tcp6 };
  const divert = (): Partial<Source> => ({
    file: (path) => Promise.resolve(tables[path.replace('/proc/net/', '')] ?? 'lb1\n'),
    knock: () => Promise.reject(new Error('nobody is to be met here')),
  });
  const entry = { subject: { kind: 'lb' as const, id: '10.89.0.10:8443', name: 'LB', keys: {} }, host: '10.89.0.10', port: 8443 };
  const around = await surroundings({
    divert,
    topology: { entry, masters: [masterAt('10.89.0.11', 7443)] },
    values: { 'lb.tries': { tries: [{ address: '10.89.0.10:8443' }] } },
  });
  const { raw } = await network.gather(clusterSubject, around);
  expect(network.read(raw)).toEqual({
    node: 'lb1',
    holds: ['10.89.0.10'],
    neighbours: [{ address: '10.89.0.10', hardware: '' }],
    listeners: [{ host: '', port: 8443 }],
  });
});

test('a machine without such tables is a gap', async () => {
  const around = await surroundings({ divert: () => ({ file: () => Promise.reject(new Error('no /proc')) }) });
  await expect(network.gather(clusterSubject, around)).rejects.toMatchObject({ gap: { gap: 'absent' } });
});
