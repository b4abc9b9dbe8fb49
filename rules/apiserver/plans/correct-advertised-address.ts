// How does the Service kubernetes come to list the addresses at which API servers are?
import { editSettings } from '../../../src/judge/plans/change-settings.ts';
import { homeOf } from '../../../src/judge/readings/component-home.ts';
import { hasNoShell, talosctl } from '../../../src/judge/readings/talosctl.ts';
import { splitAddress } from '../../../src/judge/topology/build.ts';
import { shellWord } from '../../../src/judge/shell-word.ts';
import type { Cause, Fix, Seen } from '../../../src/model/rule.ts';

export function planFor({ facts, verdicts }: Cause, seen: Seen): readonly Fix[] {
  const node = String(facts['node']);
  const settings = mend(seen, node);
  if (verdicts[0]?.reason !== 'dead-address') return [look, settings];
  return [
    lookForAddress(seen, node, String(facts['address'])),
    { ...settings, do: 'Bring the address back, or correct --advertise-address' },
  ];
}

const look: Fix = {
  do: 'See what the list holds, and which address each API server gives for itself',
  where: 'here',
  run: [
    'kubectl get endpointslices -n default -l kubernetes.io/service-name=kubernetes -o wide',
    "kubectl -n kube-system get pod -l component=kube-apiserver -o yaml | grep -E 'advertise-address|endpoint-reconciler|apiserver-count'",
  ],
  risk: 'none',
  needs: [],
  verify: [],
};

/** On the machine itself: the address is gone, the server listens at another one, or packets are dropped. */
function lookForAddress(seen: Seen, node: string, address: string): Fix {
  const { host, port } = splitAddress(address, 443) ?? { host: address, port: 443 };
  const own = [
    `ip -br address | grep -F ${shellWord(host)}`,
    `ss -ltn 'sport = :${port}'`,
    `curl -sk -m 5 ${shellWord(`https://${address}/readyz`)}`,
    `iptables-save | grep -w ${port}; nft list ruleset | grep -w ${port}`,
  ];
  return {
    do: 'See whether the machine has the address, whether the API server listens there, and what drops packets to it',
    where: hasNoShell(seen) ? 'here' : node,
    run: hasNoShell(seen) ? [talosctl(seen, node, 'get addresses'), talosctl(seen, node, 'netstat -l')] : own,
    risk: 'none',
    needs: [],
    verify: [],
  };
}

function mend(seen: Seen, node: string): Fix {
  return {
    do: 'Correct --advertise-address, drop --endpoint-reconciler-type (the default works by leases)',
    where: node,
    ...editSettings(seen, homeOf(seen, 'kube-apiserver', node), '--advertise-address'),
    risk: 'medium',
    needs: [{ text: 'one of the two flags is wrong there', met: 'unknown' }],
    verify: ['kubectl get endpointslices -n default   # equal to the API servers that serve, within 30 s'],
  };
}
