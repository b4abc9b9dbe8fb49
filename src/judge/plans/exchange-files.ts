// How are certificates on a master exchanged so that no step that fails leaves them worse than they were?
import type { Certainty, Need, Seen } from '../../model/rule.ts';
import { anotherServes } from '../readings/api-server.ts';
import { shellWord } from '../shell-word.ts';

const home = '/etc/kubernetes';

/** A copy of /etc/kubernetes by the run's own second, so that `undo` names the same folder tomorrow. */
export function keptCopy(seen: Seen): string {
  return `/root/kubernetes.bak-${Math.floor(seen.startedAt / 1000)}`;
}

/** Where files are made beside those in use: on the same disk, so that they take their place at once or not at all. */
export function besideFolder(seen: Seen): string {
  return `/etc/kubernetes.new-${Math.floor(seen.startedAt / 1000)}`;
}

/**
 * Keeps the first copy of a run, and never half of one: what the steps after it change can be had back. It holds private
 * keys: every file keeps its mode, and the folder is root's alone from the first moment, for `cp` ends by giving it the
 * mode of /etc/kubernetes, which anybody may enter.
 */
export function keepCopy(seen: Seen): string {
  const kept = keptCopy(seen);
  return `test -e ${kept} || { install -d -m 700 ${kept}.part && cp -aT ${home} ${kept}.part && chmod 700 ${kept}.part && mv ${kept}.part ${kept}; }`;
}

/** The last thing to do once a plan has held: keys that lie about get lost. Comments, for it cannot be undone. */
export function deleteCopies(seen: Seen, ...which: readonly ('kept' | 'beside')[]): readonly string[] {
  return which.map((one) => `# at last, for it holds keys: rm -r ${one === 'kept' ? keptCopy(seen) : besideFolder(seen)}`);
}

/** Only what a step changed, for the copy is older than the steps before it. @param paths below /etc/kubernetes */
export function putBack(seen: Seen, ...paths: readonly string[]): string {
  return paths.map((path) => `cp -aT ${keptCopy(seen)}/${path} ${home}/${path}`).join(' && ');
}

/** pki/etcd/server for `etcd-server`, as kubeadm lays them out below /etc/kubernetes. */
export function pairPath(role: string): string {
  return `pki/${role.replace(/^etcd-/, 'etcd/')}`;
}

/** Where the file lies on its machine, of which only a copy may have been seen. */
export function pathOnMachine(phase: string | undefined, seenAt: string): string {
  return phase === undefined || /^\/(etc|var)\//.test(seenAt) ? seenAt : `/etc/kubernetes/${pairPath(phase)}.crt`;
}

export function pairFiles(role: string): readonly [string, string] {
  return [`${pairPath(role)}.crt`, `${pairPath(role)}.key`];
}

/** kubeadm's phases make a pair only where there is none, so the copy they work on is without these. */
export function copyWithout(seen: Seen, roles: readonly string[]): string {
  const beside = besideFolder(seen);
  const gone = roles.flatMap(pairFiles).map((file) => `${beside}/${file}`);
  return `mkdir -p -m 700 ${beside} && cp -aT ${home}/pki ${beside}/pki${gone.length === 0 ? '' : ` && rm -f ${gone.join(' ')}`}`;
}

/**
 * kubeadm's configuration for this very machine, for work in the folder beside: the cluster's part alone would have it
 * guess address and name. Without an answer of the API there is no file, and kubeadm does nothing.
 */
export function configureBeside(seen: Seen, node: string): readonly string[] {
  const beside = besideFolder(seen);
  const flag = (name: string) => `"$(sed -n 's/^ *- --${name}=//p' ${home}/manifests/kube-apiserver.yaml | grep .)"`;
  const own = [
    'echo ---',
    'echo "$version"',
    "echo 'kind: InitConfiguration'",
    `echo "localAPIEndpoint: {advertiseAddress: '$address', bindPort: $port}"`,
    `echo ${shellWord(`nodeRegistration: {name: ${node}}`)}`,
  ];
  return [
    `kubectl --kubeconfig ${home}/admin.conf -n kube-system get configmap kubeadm-config -o jsonpath='{.data.ClusterConfiguration}' > ${beside}/cluster.yaml`,
    `version=$(grep -m1 ^apiVersion: ${beside}/cluster.yaml) && address=${flag('advertise-address')} && port=${flag('secure-port')} && { sed 's|^certificatesDir:.*|certificatesDir: ${beside}/pki|' ${beside}/cluster.yaml; ${own.join('; ')}; } > ${beside}/kubeadm.yaml`,
  ];
}

/** What kubeadm is asked to do there. */
export function phaseBeside(seen: Seen, phase: string): string {
  return `kubeadm init phase ${phase} --config ${besideFolder(seen)}/kubeadm.yaml`;
}

/** Takes new pairs into use once their authority is proved to have signed every one of them, and the old are kept. */
export function swapPairs(seen: Seen, authority: string, roles: readonly string[]): string {
  const beside = besideFolder(seen);
  const signed = roles.map((role) => `${beside}/${pairPath(role)}.crt`);
  const moves = roles.map((role) => {
    const files = pairFiles(role).map((file) => `${beside}/${file}`);
    return `mv -f ${files.join(' ')} ${home}/${pairPath(role).replace(/[^/]+$/, '')}`;
  });
  return `openssl verify -CAfile ${beside}/${pairPath(authority)}.crt ${signed.join(' ')} && test -e ${keptCopy(seen)} && ${moves.join(' && ')}`;
}

/** kubeadm's configuration lies in the cluster. */
export function apiNeed(seen: Seen): Need {
  const serves: Certainty = seen.topology.masters.length === 0 ? 'unknown' : anotherServes(seen, '');
  return { text: 'the API serves, for kubeadm’s configuration lies there', met: serves };
}
