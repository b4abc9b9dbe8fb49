// In which steps does a machine get the authority that the others hold, with everything it signs?
import type { Fix, Need, Seen } from '../../model/rule.ts';
import { say, type Text } from '../../model/sentence.ts';
import { type Authority, rolesSignedBy } from '../readings/certificate-role.ts';
import { isKubeadm } from '../readings/component-home.ts';
import { loginFile, rotatedLogin } from '../readings/kubelet-home.ts';
import { quorumWithout } from '../readings/voters.ts';
import { shellWord } from '../shell-word.ts';
import {
  apiNeed,
  besideFolder,
  configureBeside,
  copyWithout,
  deleteCopies,
  keepCopy,
  keptCopy,
  pairFiles,
  pairPath,
  phaseBeside,
  putBack,
  swapPairs,
} from './exchange-files.ts';
import { restartOf } from './reissue-certificate.ts';

interface Taking {
  readonly node: string;
  /** Whose authority is taken to be the right one. */
  readonly from: string;
  readonly authority: Authority;
}

/** What lies there: a file may hold an old and a new one, and `openssl x509` shows the first alone. */
export function compareAuthorities(node: string, authority: Authority, goal: Text): Fix {
  const file = `/etc/kubernetes/${pairPath(authority)}.crt`;
  const look = 'openssl x509 -noout -subject -enddate -fingerprint -sha256 -ext subjectKeyIdentifier';
  return {
    do: goal,
    where: node,
    run: [`while ${look} 2>/dev/null; do :; done < ${file}   # and the same on the other machines`],
    risk: 'none',
    needs: [],
    verify: [],
  };
}

/** Looks, makes everything beside what is in use, and only then takes it into use. */
export function planToTakeAuthority(seen: Seen, taking: Taking): readonly Fix[] {
  const compare = compareAuthorities(
    taking.node,
    taking.authority,
    'Find out which of them is the right one: the others and their clients hold it',
  );
  const isElsewhere = taking.authority === 'etcd-ca' && seen.topology.etcd === 'external';
  if (!isKubeadm(seen) || isElsewhere) return [compare];
  return [compare, prepare(seen, taking), takeIntoUse(seen, taking)];
}

function prepare(seen: Seen, { node, from, authority }: Taking): Fix {
  const beside = besideFolder(seen);
  const roles = rolesSignedBy(authority);
  const sources = pairFiles(authority).map((file) => shellWord(`root@${from}:/etc/kubernetes/${file}`));
  return {
    do: say('On {node} make what the authority of {from} has to sign, in a folder beside; nothing uses it yet', { node, from }),
    where: node,
    run: [
      copyWithout(seen, [authority, ...roles]),
      `scp ${sources.join(' ')} ${beside}/${pairPath(authority).replace(/[^/]+$/, '')}`,
      ...configureBeside(seen, node),
      ...roles.map((role) => phaseBeside(seen, `certs ${role}`)),
      ...(authority === 'ca' ? [`${phaseBeside(seen, 'kubeconfig all')} --kubeconfig-dir ${beside}`] : []),
    ],
    risk: 'low',
    needs: [{ text: say('the authority of {from} is the right one', { from }), met: 'unknown' }, apiNeed(seen)],
    verify: [`ls -l ${beside} ${beside}/pki`],
  };
}

function takeIntoUse(seen: Seen, { node, from, authority }: Taking): Fix {
  const member = seen.topology.members.find((one) => one.subject.keys.node === node);
  const quorum: Need = {
    text: 'the other voters keep a quorum while it restarts',
    met: member === undefined ? 'unknown' : quorumWithout(seen, [member]),
  };
  const pairs = swapPairs(seen, authority, [authority, ...rolesSignedBy(authority)]);
  const isLogin = authority === 'ca';
  const restarts = (readers[authority] ?? []).map(restartOf);
  return {
    do: say('Then take it into use on {node}', { node }),
    where: node,
    run: [keepCopy(seen), isLogin ? swapLogins(seen, pairs) : pairs, ...restarts],
    risk: 'high',
    needs: [
      { text: say('the authority of {from} is the right one', { from }), met: 'unknown' },
      { text: 'a backup of etcd lies elsewhere', met: 'unknown' },
      ...(authority === 'etcd-ca' ? [quorum] : []),
    ],
    verify: ['kubeadm certs check-expiration', 'kubectl ha-doctor certs', ...deleteCopies(seen, 'kept', 'beside')],
    undo: [isLogin ? `${putBack(seen, 'pki', ...logins)} && ${putBackLogin(seen)}` : putBack(seen, 'pki'), ...restarts],
  };
}

/** Who reads what an authority signs, or the authority itself, only when it starts. */
const readers: Readonly<Record<Authority, readonly string[]>> = {
  ca: ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'],
  'etcd-ca': ['etcd', 'kube-apiserver'],
  'front-proxy-ca': ['kube-apiserver'],
};

const logins = ['admin.conf', 'kubelet.conf', 'controller-manager.conf', 'scheduler.conf'];

/** A kubelet goes on with the certificate that the old authority gave it for as long as it finds that. */
function swapLogins(seen: Seen, pairs: string): string {
  const beside = besideFolder(seen);
  const made = logins.map((file) => `test -s ${beside}/${file}`).join(' && ');
  const kubelet = `mv -f ${rotatedLogin} ${keptCopy(seen)}/ && systemctl restart kubelet`;
  return `${made} && ${pairs} && mv -f ${beside}/*.conf /etc/kubernetes/ && ${kubelet}`;
}

function putBackLogin(seen: Seen): string {
  return `mv -f ${keptCopy(seen)}/${loginFile} /var/lib/kubelet/pki/ && systemctl restart kubelet`;
}
