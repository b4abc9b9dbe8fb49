// How does a member that is at work come to serve clients from other machines?
import { editSettings } from '../../../src/judge/plans/change-settings.ts';
import { homeOf } from '../../../src/judge/readings/component-home.ts';
import { etcdFlags } from '../../../src/judge/readings/etcd-flags.ts';
import { nodeOf, shellFor } from '../../../src/judge/readings/etcdctl.ts';
import { quorumWithout } from '../../../src/judge/readings/voters.ts';
import { splitAddress } from '../../../src/judge/topology/build.ts';
import { joinAddress } from '../../../src/model/address.ts';
import type { Fix, Seen } from '../../../src/model/rule.ts';
import { say } from '../../../src/model/sentence.ts';
import type { Member } from '../../../src/model/topology.ts';

/** Whether its flag was seen and names neither this address nor all; false where nobody saw it. */
export function listensElsewhere(seen: Seen, member: Member): boolean {
  const urls = etcdFlags(seen, member)?.get('listen-client-urls');
  return urls !== undefined && !urls.split(',').some((url) => [member.host, '0.0.0.0', '::'].includes(splitAddress(url, 0)?.host ?? ''));
}

/** The cluster's list names where others look for it; its flag, and what filters packets before it, who gets through. */
export function openToClients(seen: Seen, member: Member): readonly Fix[] {
  const node = nodeOf(member);
  const home = homeOf(seen, 'etcd', member.subject.keys.node);
  const url = `https://${joinAddress(member.host, member.clientPort)}`;
  const where = home.kind === 'other' ? 'here' : node;
  const look: Fix = {
    do: say('See at which addresses etcd on {node} listens, and what filters its port', { node }),
    where,
    run: [
      `ss -ltn 'sport = :${member.clientPort}'; iptables-save | grep -w ${member.clientPort}; nft list ruleset | grep -w ${member.clientPort}`,
    ],
    risk: 'none',
    needs: [],
    verify: [],
  };
  if (!listensElsewhere(seen, member)) return [look];
  const { etcdctl } = shellFor(seen, member);
  return [
    look,
    {
      do: say('Let etcd on {node} listen at {url}, too', { node, url }),
      where,
      ...editSettings(seen, home, `--listen-client-urls has ${url} in it`),
      risk: 'medium',
      needs: [{ text: 'the other voters keep a quorum', met: quorumWithout(seen, [member]) }],
      verify: [`${etcdctl} endpoint status`],
    },
  ];
}
