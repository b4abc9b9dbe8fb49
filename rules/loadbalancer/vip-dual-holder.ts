// Does only one load balancer hold the virtual address of the API?
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { entryOf } from '../../src/judge/readings/entry.ts';
import { type Keeper, keeperRows, virtualAddressOf } from '../../src/judge/readings/virtual-address.ts';
import { shellWord } from '../../src/judge/shell-word.ts';

export default defineRule({
  id: 'vip-dual-holder',
  area: 'loadbalancer',
  since: '0.1.0',
  severity: 'critical',
  impact: 'degraded',
  layer: 4,
  title: '{count} load balancers hold {address} at the same time: {nodes}',
  healthy: 'only one load balancer holds the address of the API',
  why: 'Which of them a client meets is chance and may change in the middle of a connection; where they lead to different places, so do the clients.',
  shows: ['each keepers: {node}  {words}  priority {priority}'],
  folded: '{nodes} hold {address} at the same time',
  needs: ['operator.kubeconfig', 'lb.config', 'lb.tries', 'here.network'],
  limits: {
    overlap: {
      value: 5,
      unit: 's',
      source: 'keepalived: a new master is heard within one advertisement (1 s by default); five leave room for slow ones',
    },
  },
  reasons: [],
  subjects: (seen) => (seen.topology.entryIsMaster ? [] : [entryOf(seen).subject]),
  judge: (seen, limits) => {
    const { address, keepers, isComplete } = virtualAddressOf(seen);
    const holders = keepers.filter((one) => one.holds === 'yes');
    if (holders.length > 1) {
      if (heldTogether(holders) < limits.overlap * 1000)
        return undecided(
          'the address was just moving, or was looked at on each machine at another time',
          'write /tmp/keepalived.data on all of them at once, and look again',
        );
      const nodes = holders.map((one) => one.node).join(', ');
      const since = Math.max(...holders.map((one) => one.changedAt ?? 0));
      const timed = since === 0 ? {} : { since: { earliest: since - 1000, latest: since } };
      return fail({ address, count: holders.length, nodes, keepers: keeperRows(keepers) }, { witness: 'stated', ...timed });
    }
    const open = keepers.filter((one) => one.holds === 'unknown').map((one) => one.node);
    if (open.length > 0 || !isComplete) {
      return undecided(
        `${open.join(', ') || 'other machines'} may hold ${address} as well and was not inspected`,
        'on each load balancer: kill -USR1 $(cat /run/keepalived.pid); then --lb-config lb2=/tmp/keepalived.data',
      );
    }
    return pass({ address, node: holders[0]?.node ?? '' });
  },
  explains: [
    {
      to: 'api-lb-unreachable',
      kind: 'causes',
      on: 'lb',
      because: 'connections break as often as the neighbours change their mind',
      produces: ['partial', 'reset', 'timeout'],
      unproven: true,
    },
    {
      to: 'lb-unstable',
      kind: 'causes',
      on: 'lb',
      because: 'each of the two sees only some of the clients, now these and now those',
      produces: ['flapping'],
      unproven: true,
    },
  ],
  fixes: ({ facts }, seen) => {
    const holders = virtualAddressOf(seen).keepers.filter((one) => one.holds === 'yes');
    const lowest = [...holders].sort((one, other) => priority(one) - priority(other))[0];
    const address = shellWord(String(facts['address']));
    const where = lowest?.node ?? 'lb';
    return [
      {
        do: 'See whether they hear each other: the machine that ought to be the standby should receive advertisements',
        where,
        run: ['tcpdump -nn -i any -c 5 vrrp'],
        risk: 'none',
        needs: [],
        verify: [],
      },
      {
        do: 'Let one of them go',
        where,
        run: ['systemctl stop keepalived'],
        risk: 'medium',
        needs: [{ text: 'the balancer on the other one leads to the API', met: 'unknown' }],
        verify: [`ip -o addr | grep -cF ${address}   # 0`],
        undo: ['systemctl start keepalived'],
      },
      {
        do: 'Then mend what keeps them apart: allow IP protocol 112 between them (firewall-cmd --add-protocol=vrrp), or list each other under unicast_peer',
        where: 'lb',
        run: ['keepalived -t -f /etc/keepalived/keepalived.conf'],
        risk: 'medium',
        needs: [],
        verify: [`ip -o addr | grep -F ${address}   # on one machine only`],
      },
    ];
  },
  avoid: () => ['stop keepalived on both'],
  reading: ['https://www.keepalived.org/manpage.html', 'https://www.rfc-editor.org/rfc/rfc5798'],
  errors: ['(VI_1) Received advert from … with lower priority 100, ours 101, forcing new election', 'duplicate address detected'],
});

function priority(keeper: Keeper): number {
  return keeper.instance?.priority ?? 0;
}

/** Milliseconds for which all of them surely held it, by what each wrote down; for ever where no time is known. */
function heldTogether(holders: readonly Keeper[]): number {
  const begun = Math.max(...holders.map((one) => one.changedAt ?? 0));
  const ended = Math.min(...holders.map((one) => one.writtenAt ?? Infinity));
  return ended - begun;
}
