// In which steps is an expired certificate replaced, with nobody sent to the machine meanwhile where that can be helped?
import { isKubeadm } from '../readings/component-home.ts';
import { kubeletUnit } from '../readings/kubelet-home.ts';
import { shellWord } from '../shell-word.ts';
import { say } from '../../model/sentence.ts';
import { planToGiveLogin } from './give-login.ts';
import { deleteCopies, keepCopy, keptCopy, pairFiles, pathOnMachine, putBack } from './exchange-files.ts';
import { setServer } from './set-server.ts';
import type { Certainty, Fix, Need, Seen } from '../../model/rule.ts';
import type { Facts } from '../../model/verdict.ts';
import { mastersOf, readApiServer, servesClients } from '../readings/api-server.ts';
import { type Backend, backendsOf, getsClients } from '../readings/backend.ts';
import { describeRole, isServerRole } from '../readings/certificate-role.ts';
import { restartFor, rotateAll } from './reissue-certificate.ts';

/** @param several how many machines the same role has ended on; with more than one nothing is taken out of service. */
export function planToRenew(facts: Facts, several: boolean, seen: Seen): readonly Fix[] {
  const [node, role] = [String(facts['node']), String(facts['role'])];
  if (role === 'kubelet-client' && isKubeadm(seen)) return planToGiveLogin(seen, node, fileNeeds(seen, node, role));
  const renew = renewOn(node, role, String(facts['where']), facts['kind'] === 'served', seen);
  if (role !== 'apiserver') return [renew];
  const backend = several ? undefined : backendOn(seen, node);
  if (backend === undefined || !others(seen, node).some((one) => one.met === 'yes')) return [renew];
  return [drain(node, backend, seen), renew, sendAgain(node, backend)];
}

function renewOn(node: string, role: string, where: string, served: boolean, seen: Seen): Fix {
  const { platform } = seen.topology;
  const renewal = describeRole(role).kubeadm;
  const isOfApiServer = role === 'apiserver' || describeRole(role).restart === 'kube-apiserver';
  const needs = [...(isOfApiServer ? others(seen, node) : []), ...fileNeeds(seen, node, role)];
  const verify = served
    ? [`echo | openssl s_client -connect ${shellWord(where)} 2>/dev/null | openssl x509 -noout -enddate   # new within 60 s`]
    : [`openssl x509 -in ${shellWord(pathOnMachine(renewal, where))} -noout -enddate`];
  const base = { where: node === 'LB' ? 'lb' : node, risk: 'medium', needs, verify } as const;
  if (platform.kind === 'k3s' || platform.kind === 'rke2')
    return { ...base, do: say('Renew it on {node}', { node }), run: rotateOn(seen, node, platform.kind) };
  const outside = seen.topology.etcd === 'external' && role.startsWith('etcd-');
  if (!isKubeadm(seen) || outside || (renewal === undefined && !role.startsWith('kubelet')) || node === 'LB') {
    return {
      ...base,
      do: say('Renew it on {node} with whatever made it', { node }),
      run: [
        served
          ? `echo | openssl s_client -connect ${shellWord(where)} 2>/dev/null | openssl x509 -noout -issuer -subject`
          : `openssl x509 -in ${shellWord(where)} -noout -issuer -subject`,
      ],
    };
  }
  if (renewal === undefined) return renewServing(base, node, seen);
  const restart = restartAfter(role, served);
  return {
    ...base,
    verify: [
      ...verify,
      ...(restartFor(role).length === 0 ? [] : [`crictl ps --name '^kube-apiserver$'   # started after the renewal`]),
      ...deleteCopies(seen, 'kept'),
    ],
    do: say('Renew it on {node}, as root', { node }),
    run: [
      'kubeadm certs check-expiration   # which others have ended?',
      keepCopy(seen),
      `test -e ${keptCopy(seen)} && kubeadm certs renew ${renewal}`,
      ...restart,
    ],
    undo: [putBack(seen, ...pairFiles(renewal)), ...restart],
  };
}

/** An agent asks its server for certificates anew whenever it starts. */
function rotateOn(seen: Seen, node: string, kind: 'k3s' | 'rke2'): readonly string[] {
  const unit = kubeletUnit(seen, node);
  return unit === `${kind}-agent` ? [`systemctl restart ${unit}`] : rotateAll(kind);
}

/** Who reads it only at its start has to start; who serves it takes it up unless the kubelet lets it wait after crashes. */
function restartAfter(role: string, served: boolean): readonly string[] {
  if (served) return [];
  const restart = restartFor(role);
  return restart.length > 0 || !isServerRole(role) ? restart : ['systemctl restart kubelet   # ends the wait after crashes, if it waits'];
}

/** Its files are moved to the copy only where what takes their place is made by the kubelet itself. */
function renewServing(base: Omit<Fix, 'do' | 'run'>, node: string, seen: Seen): Fix {
  const kept = keptCopy(seen);
  const restart = 'systemctl restart kubelet';
  return {
    ...base,
    do: say('Let the kubelet on {node} make a new one', { node }),
    run: [keepCopy(seen), `mv -f /var/lib/kubelet/pki/kubelet.crt /var/lib/kubelet/pki/kubelet.key ${kept}/ && ${restart}`],
    verify: [...base.verify, ...deleteCopies(seen, 'kept')],
    undo: [`mv -f ${kept}/kubelet.crt ${kept}/kubelet.key /var/lib/kubelet/pki/ && ${restart}`],
  };
}

function fileNeeds(seen: Seen, node: string, role: string): readonly Need[] {
  const files = seen.peek('here.files');
  const here = files?.state === 'known' && files.value.node === node ? files.value.certificates : undefined;
  const authority = here?.find((one) => one.certificate.isAuthority && one.role === (role.startsWith('etcd') ? 'etcd-ca' : 'ca'));
  const valid: Certainty = authority === undefined ? 'unknown' : Date.parse(authority.certificate.notAfter) > seen.startedAt ? 'yes' : 'no';
  const own = here?.filter((one) => one.role === role && !one.certificate.isAuthority) ?? [];
  const renewed = own.some((one) => Date.parse(one.certificate.notAfter) > seen.startedAt);
  return [
    { text: 'the CA is valid', met: valid },
    ...(role === 'kubelet-client' ? [] : [{ text: say('its key lies on {node}', { node }), met: 'unknown' } as const]),
    { text: 'the file is not renewed yet', met: own.length === 0 ? 'unknown' : renewed ? 'no' : 'yes' },
  ];
}

/** One need for each other API server: ready and trusted, by its own answer. */
function others(seen: Seen, node: string): readonly Need[] {
  const rest = mastersOf(seen).filter((master) => master.subject.keys.node !== node);
  const split = seen.tally(rest, (master) => servesClients(readApiServer(seen, master)));
  return rest.map((master) => ({
    text: say('{subject} ready', { subject: master.subject.name }),
    met: split.yes.includes(master) ? 'yes' : split.no.includes(master) ? 'no' : 'unknown',
  }));
}

/** Its row in HAProxy's table, where HAProxy still sends clients there; nobody can tell Envoy by hand to stop. */
function backendOn(seen: Seen, node: string): Backend | undefined {
  if (seen.peek('lb.stats')?.state !== 'known') return undefined;
  return seen
    .either<readonly Backend[]>(
      () => backendsOf(seen),
      () => [],
    )
    .find((one) => one.master?.subject.keys.node === node && getsClients(one));
}

function drain(node: string, { row }: Backend, seen: Seen): Fix {
  return {
    do: say('Stop sending clients to {node}', { node }),
    where: 'lb',
    run: [setServer(row.proxy, row.server, 'drain')],
    risk: 'medium',
    needs: others(seen, node),
    verify: ['for i in 1 2 3 4 5 6; do kubectl get --raw /readyz; done   # ok, 6 of 6'],
    undo: [setServer(row.proxy, row.server, 'ready')],
  };
}

function sendAgain(node: string, { row }: Backend): Fix {
  return {
    do: say('Send clients to {node} again', { node }),
    where: 'lb',
    run: [setServer(row.proxy, row.server, 'ready')],
    risk: 'medium',
    needs: [{ text: say('what {node} serves is the new one', { node }), met: 'unknown' }],
    verify: ['for i in 1 2 3 4 5 6; do kubectl get --raw /readyz; done   # ok, 6 of 6'],
  };
}
