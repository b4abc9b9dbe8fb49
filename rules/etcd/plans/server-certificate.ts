// How does an etcd member get a serving certificate that its clients trust?
import { endpointOf, nodeOf } from '../../../src/judge/readings/etcdctl.ts';
import type { MemberEvidence } from '../../../src/judge/readings/member.ts';
import { quorumWithout } from '../../../src/judge/readings/voters.ts';
import { shellWord } from '../../../src/judge/shell-word.ts';
import type { Fix, Seen } from '../../../src/model/rule.ts';
import { say } from '../../../src/model/sentence.ts';
import type { Member } from '../../../src/model/topology.ts';

const folder = '/etc/kubernetes/pki/etcd';

/** kubeadm writes into it the node's own name and address, and those of its configuration. */
export function remakeServerCertificate(seen: Seen<MemberEvidence>, member: Member): readonly Fix[] {
  const node = nodeOf(member);
  const look: Fix = {
    do: say('See for which names the certificate of {node} is, and who signed it', { node }),
    where: node,
    run: [
      `openssl x509 -noout -issuer -ext subjectAltName -in ${folder}/server.crt`,
      `openssl verify -CAfile ${folder}/ca.crt ${folder}/server.crt`,
    ],
    risk: 'none',
    needs: [],
    verify: [],
  };
  if (seen.topology.platform.kind !== 'kubeadm') return [look];
  const make: Fix = {
    do: say('Make it anew on {node}, and let etcd take it', { node }),
    where: node,
    run: [
      `mkdir -p /root/etcd-pki.bak && mv ${folder}/server.crt ${folder}/server.key /root/etcd-pki.bak/`,
      'kubeadm init phase certs etcd-server',
      "crictl stop $(crictl ps -q --name '^etcd$')",
    ],
    risk: 'medium',
    needs: [
      { text: 'the key of the etcd authority is on that machine', met: 'unknown' },
      { text: 'the other voters keep a quorum while it restarts', met: quorumWithout(seen, [member]) },
    ],
    verify: [`etcdctl --endpoints ${shellWord(endpointOf(member))} --cacert ${folder}/ca.crt endpoint health`],
    undo: [`mv /root/etcd-pki.bak/server.* ${folder}/`],
  };
  return [look, make];
}
