// Does the load balancer that holds the virtual address also run?
import { joinAddress } from '../../src/model/address.ts';
import { defineRule, fail, notApplicable, pass, undecided } from '../../src/judge/define-rule.ts';
import { apiPathsOf } from '../../src/judge/readings/balancer-files.ts';
import { entryOf } from '../../src/judge/readings/entry.ts';
import { keeperRows, virtualAddressOf } from '../../src/judge/readings/virtual-address.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import type { Seen } from '../../src/model/rule.ts';

type Needs = 'operator.kubeconfig' | 'lb.config' | 'lb.tries' | 'here.network' | 'kube.nodes';

export default defineRule({
  id: 'vip-holder-lb-down',
  area: 'loadbalancer',
  since: '0.1.0',
  severity: 'critical',
  impact: 'outage',
  layer: 4,
  title: '{node} holds {address}, and nothing listens there at port {port}',
  healthy: 'the machine that holds the address of the API runs its load balancer',
  why: 'Every client is sent to the one machine on which the balancer does not run.',
  shows: ['each keepers: {node}  {words}  priority {priority}', '{address}:{port}  refuses, {tries} of {tries} tries'],
  folded: '{node} holds {address} and does not listen at port {port}',
  needs: ['operator.kubeconfig', 'lb.config', 'lb.tries', 'here.network', 'kube.nodes'],
  limits: {},
  reasons: [],
  subjects: (seen) => {
    if (seen.topology.entryIsMaster) return [];
    const { subject } = entryOf(seen);
    const holder = virtualAddressOf(seen).keepers.filter((one) => one.holds === 'yes');
    const [only] = holder;
    return [
      only === undefined || holder.length > 1 ? subject : { ...subject, name: only.node, keys: { ...subject.keys, node: only.node } },
    ];
  },
  judge: (seen) => {
    const entry = entryOf(seen);
    const { tries } = seen.get('lb.tries');
    const refused = tries.filter((one) => one.outcome.kind === 'failed' && one.outcome.why === 'refused');
    if (tries.some((one) => one.connected)) return pass({ address: entry.subject.id });
    const { address, keepers } = virtualAddressOf(seen);
    const holders = keepers.filter((one) => one.holds === 'yes');
    const [holder] = holders;
    if (holder === undefined || holders.length > 1)
      return undecided(
        `nobody can say which machine holds ${address}`,
        'on each load balancer: ip -o addr; then --lb-config lb1=<its output>',
      );
    if (refused.length < tries.length)
      return undecided(`${address} does not even refuse`, `on ${holder.node}: ss -ltn 'sport = :${entry.port}'`);
    if (isApiServersOwnPort(seen)) return notApplicable('the address leads to the API servers’ own port');
    const facts = { node: holder.node, address, port: entry.port, tries: refused.length, keepers: keeperRows(keepers) };
    return fail(facts, { witness: 'agreed' });
  },
  explains: [
    {
      to: 'api-lb-unreachable',
      kind: 'causes',
      on: 'lb',
      because: 'the holder’s kernel refuses every connection',
      produces: ['refused'],
      unproven: true,
    },
  ],
  fixes: ({ facts }) => {
    const node = String(facts['node']);
    const address = shellWord(`https://${joinAddress(String(facts['address']), Number(facts['port']))}/readyz`);
    return [
      {
        do: 'See whether the balancer runs there, and what it said last',
        where: node,
        run: [`ss -ltnp 'sport = :${facts['port']}'`, 'systemctl status haproxy --no-pager', 'journalctl -u haproxy -n 50 --no-pager'],
        risk: 'none',
        needs: [],
        verify: [],
      },
      {
        do: 'Check its configuration, then start it',
        where: node,
        run: ['haproxy -c -f /etc/haproxy/haproxy.cfg && systemctl restart haproxy'],
        risk: 'medium',
        needs: [],
        verify: [`curl -sk ${address}`],
      },
      {
        do: 'If it cannot be started: let the address move to a balancer that runs',
        where: node,
        run: ['systemctl stop keepalived'],
        risk: 'medium',
        needs: [{ text: 'the balancer on another machine leads to the API', met: 'unknown' }],
        verify: [`curl -sk ${address}`],
        undo: ['systemctl start keepalived'],
      },
    ];
  },
  avoid: () => ['restart API servers or etcd for this: what refuses is the load balancer'],
  reading: ['https://github.com/kubernetes/kubeadm/blob/main/docs/ha-considerations.md'],
});

/** Without a balancer's own file: does the address lead straight to the API servers? */
function isApiServersOwnPort(seen: Seen<Needs>): boolean {
  const { entry, masters } = seen.topology;
  const hasBalancer = seen.attempt(() => apiPathsOf(seen).some((path) => path.binds.some((bind) => bind.port === entry?.port))) === true;
  return !hasBalancer && masters.some((master) => master.port === entry?.port);
}
