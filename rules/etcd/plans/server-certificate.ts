// How does an etcd member get a serving certificate that its clients trust?
import { lookAtCertificate, planToReissue } from '../../../src/judge/plans/reissue-certificate.ts';
import { nodeOf } from '../../../src/judge/readings/etcdctl.ts';
import type { MemberEvidence } from '../../../src/judge/readings/member.ts';
import { quorumWithout } from '../../../src/judge/readings/voters.ts';
import { joinAddress } from '../../../src/model/address.ts';
import type { Fix, Need, Seen } from '../../../src/model/rule.ts';
import { say } from '../../../src/model/sentence.ts';
import type { Member } from '../../../src/model/topology.ts';

/** Etcd reads a new one by itself, with the next connection. */
export function remakeServerCertificate(seen: Seen<MemberEvidence>, member: Member): readonly Fix[] {
  const node = nodeOf(member);
  const where = joinAddress(member.host, member.clientPort);
  const look: Fix = {
    do: say('See for which names the certificate of {node} is, and who signed it', { node }),
    where: 'here',
    run: [lookAtCertificate(where, true, '-issuer -subject -ext subjectAltName')],
    risk: 'none',
    needs: [],
    verify: [],
  };
  const quorum: Need = { text: 'the other voters keep a quorum meanwhile', met: quorumWithout(seen, [member]) };
  return [
    look,
    planToReissue({ node, role: 'etcd-server', where, served: true, needs: [quorum], look: '-issuer -ext subjectAltName' }, seen),
  ];
}
