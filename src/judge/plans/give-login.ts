// In which steps does a kubelet whose login has ended get a new one, and keep the server it was sent to?
import type { Fix, Need, Seen } from '../../model/rule.ts';
import { say } from '../../model/sentence.ts';
import { mastersOf, readApiServer, servesClients } from '../readings/api-server.ts';
import { loginFile, rotatedLogin } from '../readings/kubelet-home.ts';
import { shellWord } from '../shell-word.ts';
import { apiNeed, besideFolder, configureBeside, copyWithout, deleteCopies, keepCopy, keptCopy, putBack } from './exchange-files.ts';

const config = '/etc/kubernetes/kubelet.conf';
const brought = '/root/kubelet.conf';
const restart = 'systemctl restart kubelet';

/** Has kubelet.conf name the certificate that the kubelet renews, once there is one: what stands in the file itself nothing renews. */
export function nameRotated(): string {
  return `test -s ${rotatedLogin} && sed -i 's#client-certificate-data:.*#client-certificate: ${rotatedLogin}#; s#client-key-data:.*#client-key: ${rotatedLogin}#' ${config}`;
}

/**
 * kubernetes.io/docs/setup/production-environment/tools/kubeadm/troubleshooting-kubeadm, "Kubelet client certificate
 * rotation fails". Without --config kubeadm writes the address of the machine it runs on: one master instead of all.
 */
export function planToGiveLogin(seen: Seen, node: string, needs: readonly Need[]): readonly Fix[] {
  const from = signerFor(seen, node);
  return [make(seen, node, from), bring(seen, node, from, needs), nameOwn(node)];
}

/** The machine itself where it is a master, else one that serves: there the authority's key may lie, and kubeadm's configuration be had. */
function signerFor(seen: Seen, node: string): string {
  const masters = seen.topology.machines.filter((one) => one.controlPlane).map(({ subject }) => subject.id);
  if (masters.includes(node)) return node;
  const serving = seen.tally(mastersOf(seen), (master) => servesClients(readApiServer(seen, master))).yes;
  return serving.flatMap(({ subject }) => subject.keys.node ?? [])[0] ?? masters[0] ?? node;
}

function make(seen: Seen, node: string, from: string): Fix {
  const beside = besideFolder(seen);
  const user = shellWord(`system:node:${node}`);
  return {
    do: say('On {from} make a login for the kubelet on {node}; nothing uses it yet', { from, node }),
    where: from,
    run: [
      copyWithout(seen, []),
      ...configureBeside(seen, from),
      `(umask 077; kubeadm kubeconfig user --config ${beside}/kubeadm.yaml --org system:nodes --client-name ${user} > ${beside}/kubelet.conf)`,
    ],
    risk: 'low',
    needs: [{ text: say('the key of the authority lies on {from}', { from }), met: 'unknown' }, apiNeed(seen)],
    verify: [`ls -l ${beside}/kubelet.conf   # not empty`, ...deleteCopies(seen, 'beside')],
  };
}

/** The old kubelet.conf and its certificate leave their places only once the new file leads to the same server. */
function bring(seen: Seen, node: string, from: string, needs: readonly Need[]): Fix {
  const [beside, kept] = [besideFolder(seen), keptCopy(seen)];
  const made = `${beside}/kubelet.conf`;
  const fetch = from === node ? `install -m 600 ${made} ${brought}` : `(umask 077; scp ${shellWord(`root@${from}:${made}`)} ${brought})`;
  return {
    do: say('Let the kubelet on {node} log in with it, at the same server as before', { node }),
    where: node,
    run: [
      keepCopy(seen),
      fetch,
      `server=$(sed -n 's/^ *server: *//p' ${config} | grep -m1 .) && sed -i "s#^\\( *server:\\).*#\\1 $server#" ${brought}`,
      `test -n "$server" && test -e ${kept} && grep -F "server: $server" ${brought} && { test ! -e ${rotatedLogin} || mv -f ${rotatedLogin} ${kept}/; } && cp ${brought} ${config} && ${restart}`,
    ],
    risk: 'medium',
    needs,
    verify: [`kubectl get node ${shellWord(node)}   # Ready again`, ...deleteCopies(seen, 'kept')],
    undo: [
      `{ test ! -e ${kept}/${loginFile} || mv -f ${kept}/${loginFile} /var/lib/kubelet/pki/; } && ${putBack(seen, 'kubelet.conf')} && ${restart}`,
    ],
  };
}

function nameOwn(node: string): Fix {
  return {
    do: say('Once the kubelet on {node} has a certificate of its own again, let kubelet.conf name that', { node }),
    where: node,
    run: [
      `timeout 120 sh -c 'until test -s ${rotatedLogin}; do sleep 2; done'   # the kubelet asks for it by itself`,
      `${nameRotated()} && ${restart}`,
    ],
    risk: 'low',
    needs: [{ text: say('the request of {node} is approved: kubectl get csr', { node }), met: 'unknown' }],
    verify: [
      `grep client- ${config}   # both lines name ${rotatedLogin}`,
      `openssl x509 -in ${rotatedLogin} -noout -enddate`,
      `# and the login that was brought: rm ${brought}`,
    ],
    undo: [`cp ${brought} ${config} && ${restart}`],
  };
}
