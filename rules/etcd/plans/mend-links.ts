// How does a member that is alive come to reach its peers again?
import { pingFullSize } from '../../../src/judge/plans/ping-full-size.ts';
import { knockAtPeers, nodeOf, shellFor } from '../../../src/judge/readings/etcdctl.ts';
import { aliveMembers } from '../../../src/judge/readings/peers.ts';
import { countVoters, memberIdOf } from '../../../src/judge/readings/voters.ts';
import { shellWord } from '../../../src/judge/shell-word.ts';
import { joinAddress } from '../../../src/model/address.ts';
import type { Fix, Seen } from '../../../src/model/rule.ts';
import { say } from '../../../src/model/sentence.ts';
import type { Member } from '../../../src/model/topology.ts';

export function mendLinks(seen: Seen, member: Member | undefined): readonly Fix[] {
  if (member === undefined) return [];
  return [...knockBetween(seen, member), ...listAnew(seen, member)];
}

/** A machine that moved is still looked for where it was. */
function listAnew(seen: Seen, member: Member): readonly Fix[] {
  const [id, helper] = [memberIdOf(member), countVoters(seen).led[0]];
  const { peerHost, host, peerPort } = member;
  if (peerHost === undefined || id === undefined || helper === undefined) return [];
  const { where, etcdctl } = shellFor(seen, helper);
  const urls = (one: string): string => shellWord(`--peer-urls=https://${joinAddress(one, peerPort)}`);
  return [
    {
      do: say('If {node} has the address {peerHost} no more, tell the list where it is now', { node: nodeOf(member), peerHost }),
      where,
      run: [`${etcdctl} member update ${shellWord(id)} ${urls(host)}`],
      risk: 'medium',
      needs: [{ text: say('ip -o addr on {node} shows no {peerHost}', { node: nodeOf(member), peerHost }), met: 'unknown' }],
      verify: [`${etcdctl} member list`],
      undo: [`${etcdctl} member update ${shellWord(id)} ${urls(peerHost)}`],
    },
  ];
}

function knockBetween(seen: Seen, member: Member): readonly Fix[] {
  const others = aliveMembers(seen).filter((other) => other !== member);
  return [
    {
      do: say('See what is between {node} and its peers: firewall, route, MTU, or its peer certificate', { node: nodeOf(member) }),
      where: nodeOf(member),
      run: [
        ...knockAtPeers(seen, others),
        `iptables-save | grep -w ${member.peerPort}; ss -tn "( dport = :${member.peerPort} or sport = :${member.peerPort} )"`,
        ...others.slice(0, 1).map((other) => pingFullSize(other.host)),
      ],
      risk: 'none',
      needs: [],
      verify: ['curl -s http://localhost:2381/metrics | grep active_peers   # 1 each'],
    },
  ];
}
