// Fault: one etcd member is far away from the others.
import { reachOnNode } from '../node-files.ts';
import { defineFault } from '../fault.ts';
import { resetConnections, useRules } from '../firewall.ts';
import type { LabHandle } from '../handle.ts';
import { waitUntil } from '../processes.ts';
import type { NodePlan } from '../topology.ts';

const table = 'lab_etcd_peers_delayed';
const pidFile = '/run/lab/etcd-peers-delayed.pid';
/** The delaying program runs as nobody, so that its own connections are told apart from etcd's. */
const nobody = 65534;
const firstPort = 23800;

/**
 * The kernel may lack netem, so connections to peer ports are led through a program that holds every piece back for a while.
 * Arguments: milliseconds, then port=host for each peer.
 */
const program = `
const net = require('node:net');
const [delay, ...ways] = process.argv.slice(1);
for (const way of ways) {
  const [port, host] = way.split('=');
  net.createServer({ allowHalfOpen: true }, (near) => {
    const far = net.connect({ host, port: 2380, allowHalfOpen: true });
    const carry = (from, to) => {
      from.on('data', (piece) => setTimeout(() => to.write(piece), Number(delay)));
      from.on('end', () => setTimeout(() => to.end(), Number(delay)));
      from.on('error', () => to.destroy());
      from.on('close', () => setTimeout(() => to.destroy(), Number(delay) + 50));
    };
    carry(near, far);
    carry(far, near);
  }).listen(Number(port), '127.0.0.1');
}`;

export default defineFault({
  name: 'etcd-peers-delayed',
  breaks: 'the way between one etcd member and the others: every connection to a peer port takes longer, both ways',
  place: 'etcd',
  parameters: { milliseconds: { means: 'added to each direction', default: '100' } },
  inject: async (lab, target, { milliseconds }) => {
    if (!/^\d{1,4}$/.test(milliseconds)) throw new Error(`milliseconds is a whole number, not '${milliseconds}'`);
    const others = lab.etcdNodes.filter((node) => node.name !== target.name);
    await delayFrom(lab, target, others, milliseconds);
    for (const node of others) await delayFrom(lab, node, [target], milliseconds);
  },
  heal: async (lab) => {
    for (const node of lab.etcdNodes) await undelay(lab, node);
  },
  settles: { seconds: 100, what: 'etcd has measured three round trips of each pair' },
});

async function delayFrom(lab: LabHandle, node: NodePlan, peers: readonly NodePlan[], milliseconds: string): Promise<void> {
  const ways = peers.map((peer, index) => ({ peer, port: firstPort + index }));
  const words = ways.map(({ peer, port }) => `${port}=${peer.address}`);
  const command = `setsid setpriv --reuid ${nobody} --clear-groups ${process.execPath} -e "$0" ${milliseconds} ${words.join(' ')}`;
  const start = `${command} </dev/null >/var/log/etcd-peers-delayed.log 2>&1 & echo $! >${pidFile}`;
  await lab.nodeExec(node.name, ['bash', '-c', start, program]);
  const listens = await waitUntil(async () => {
    const seen = await lab.nodeExec(node.name, ['ss', '-Hltn']);
    return ways.every(({ port }) => seen.stdout.includes(`127.0.0.1:${port}`));
  }, 10_000);
  if (!listens)
    throw new Error(`nothing delays on ${node.name}; see ${await reachOnNode(lab, node.name, '/var/log/etcd-peers-delayed.log')}`);
  const rules = ways.map(({ peer, port }) => `    meta skuid != ${nobody} ip daddr ${peer.address} tcp dport 2380 redirect to :${port}`);
  const chain = ['  chain outgoing {', '    type nat hook output priority -100; policy accept;', ...rules, '  }'];
  const text = [`table ip ${table}`, `delete table ip ${table}`, `table ip ${table} {`, ...chain, '}', ''].join('\n');
  await useRules(lab, node.name, text);
  for (const { peer } of ways) await resetConnections(lab, node.name, ['dst', peer.address, 'dport', '=', ':2380']);
}

async function undelay(lab: LabHandle, node: NodePlan): Promise<void> {
  await lab.nodeExec(node.name, ['nft', '-f', '-'], { input: `table ip ${table}\ndelete table ip ${table}\n` });
  const end = `pid=$(cat ${pidFile} 2>/dev/null); [ "$(cat /proc/$pid/comm 2>/dev/null)" != node ] || kill $pid; rm -f ${pidFile}`;
  await lab.nodeExec(node.name, ['bash', '-c', end]);
  await resetConnections(lab, node.name, ['dport', '=', ':2380']);
}
