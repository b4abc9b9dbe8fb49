// Do the control plane's own kubeconfigs still let anybody in, and do they lead to this cluster?
import { isKubeadm } from '../../src/judge/readings/component-home.ts';
import { defineRule, fail, notApplicable, pass, undecided } from '../../src/judge/define-rule.ts';
import { nameRotated, planToGiveLogin } from '../../src/judge/plans/give-login.ts';
import {
  apiNeed,
  besideFolder,
  configureBeside,
  copyWithout,
  deleteCopies,
  keepCopy,
  keptCopy,
  phaseBeside,
  putBack,
} from '../../src/judge/plans/exchange-files.ts';
import { restartOf, rotateAll } from '../../src/judge/plans/reissue-certificate.ts';
import { certificateNeeds, endOf, lifetimeOf, shareOf } from '../../src/judge/readings/certificate.ts';
import { placeOf } from '../../src/judge/readings/certificate-places.ts';
import { authoritiesIn } from '../../src/judge/readings/certificate-files.ts';
import { filesHowToGet, setOf, subjectsInFiles } from '../../src/judge/readings/file-subjects.ts';
import { serverNow } from '../../src/judge/readings/host-clock.ts';
import { clientOf, kubeconfigsIn, readerOf, unreadableIn } from '../../src/judge/readings/kubeconfig-files.ts';
import { isAddress } from '../../src/judge/readings/certificate-names.ts';
import { isLoopback, splitAddress } from '../../src/judge/topology/build.ts';
import type { FileSet, KubeconfigFile } from '../../src/model/here.ts';
import type { Cause, Fix, Seen } from '../../src/model/rule.ts';
import { say, type Text } from '../../src/model/sentence.ts';
import type { Severity } from '../../src/model/verdict.ts';
import { describeDuration } from '../../src/model/time.ts';

const day = 86_400_000;
const needs = [...certificateNeeds, 'kube.kubeadm-config'] as const;
type Reason = 'expired' | 'expiring' | 'other-authority' | 'elsewhere' | 'no-rotation';

interface Flaw {
  readonly reason: Reason;
  readonly severity: Severity;
  readonly words: Text;
}

export default defineRule({
  id: 'cert-kubeconfig-expired',
  area: 'certificates',
  since: '0.1.0',
  severity: 'critical',
  impact: 'degraded',
  layer: 0,
  final: true,
  title: '{file} on {node} {words}',
  healthy: 'the control plane’s own kubeconfigs are good for a while',
  why: 'Whoever logs in with this file is turned away: controllers lose their leases, a kubelet its node, an administrator the cluster.',
  shows: ['{node} {path}', '  {owner}', '  leads to {server}', '  {words}, by {by}'],
  folded: '{file} {words}',
  needs,
  limits: {
    critical: { value: 7, unit: 'days', source: 'as for any certificate that is about to end' },
    warning: { value: 30, unit: 'days', source: 'as for any certificate that is about to end' },
  },
  reasons: ['expired', 'expiring', 'other-authority', 'elsewhere', 'no-rotation'],
  subjects: (seen) =>
    subjectsInFiles(seen, (set) =>
      [...kubeconfigsIn(set).map(({ role }) => role), ...unreadableIn(set).map(({ role }) => role)].map((role) =>
        placeOf(seen.topology, set.node, `${role}.conf`),
      ),
    ),
  judge: (seen, limits, subject) => {
    const set = setOf(seen, subject);
    const closed = unreadableIn(set).find(({ role }) => subject.id === `${set.node}/${role}.conf`);
    if (closed !== undefined) return undecided(`${closed.path} could not be read: ${closed.why}`, filesHowToGet);
    const found = kubeconfigsIn(set).find(({ role }) => subject.id === `${set.node}/${role}.conf`);
    if (found === undefined) return notApplicable('it is not there');
    const file = withClient(set, found);
    const now = serverNow(seen);
    const facts = {
      node: set.node,
      file: `${file.role}.conf`,
      path: file.path,
      server: file.server,
      by: now.by,
      owner: file.client?.subject ?? file.clientFile ?? '',
    };
    const flaw = datesOf(file, now, limits) ?? authorityOf(file, set) ?? placeFlaw(seen, file) ?? rotationOf(file);
    if (flaw !== undefined) {
      const { reason, severity, words } = flaw;
      const degrades = severity === 'critical' && reason !== 'expiring' && !file.role.endsWith('admin');
      return fail(
        { ...facts, words },
        { reason, severity, impact: degrades ? 'degraded' : 'at-risk', group: `${file.role}.conf`, witness: 'stated' },
      );
    }
    if (file.client === undefined && file.clientFile !== undefined && file.role !== 'kubelet')
      return undecided(`${file.clientFile}, which it logs in with, was not read`, filesHowToGet);
    if (file.client !== undefined && endOf(file.client) < now.high)
      return undecided(`it ends about now, and ${now.by} do not agree whether that is past`, 'kubectl ha-doctor diagnose --only clocks');
    return pass(facts);
  },
  explains: [
    {
      to: 'le-component-unhealthy',
      kind: 'causes',
      on: 'node',
      because: 'it cannot log in',
      when: ({ cause }) =>
        /controller-manager|scheduler/.test(cause.group ?? '') && cause.severity === 'critical' && cause.reason !== 'expiring'
          ? 'yes'
          : 'no',
      unproven: true,
    },
    {
      to: 'le-lease-expired',
      kind: 'causes',
      on: 'cluster',
      because: 'no candidate can log in',
      covers: 'every',
      match: 'node',
      when: ({ cause }) => (/controller-manager|scheduler/.test(cause.group ?? '') && cause.reason === 'expired' ? 'yes' : 'no'),
      unproven: true,
    },
    {
      to: 'ha-node-notready',
      kind: 'causes',
      on: 'node',
      because: 'its kubelet cannot log in',
      when: ({ cause }) => (cause.group === 'kubelet.conf' && cause.severity === 'critical' && cause.reason !== 'expiring' ? 'yes' : 'no'),
      unproven: true,
    },
    { to: 'api-credential-rejected', kind: 'hints', on: 'cluster', because: 'admin.conf is what administrators copy' },
  ],
  fixes: planFor,
  avoid: () => ['copy a kubeconfig of another machine here: its name and its server are that machine’s'],
  reading: ['https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/kubeadm-certs/'],
  errors: ['the server has asked for the client to provide credentials', 'Unable to authenticate the request'],
});

/** A kubelet's own certificate is judged where it lies; whatever else names a file logs in with what that holds. */
function withClient(set: FileSet, file: KubeconfigFile): KubeconfigFile {
  const client = file.role === 'kubelet' ? file.client : clientOf(set, file);
  return client === undefined ? file : { ...file, client };
}

function datesOf({ client }: KubeconfigFile, now: { low: number }, limits: { critical: number; warning: number }): Flaw | undefined {
  if (client === undefined) return undefined;
  const left = endOf(client) - now.low;
  if (left < 0) return { reason: 'expired', severity: 'critical', words: say('ended {time} ago', { time: describeDuration(-left) }) };
  const share = shareOf(lifetimeOf(client));
  if (left > limits.warning * day * share) return undefined;
  const severity = left <= limits.critical * day * share ? 'critical' : 'warning';
  return { reason: 'expiring', severity, words: say('ends in {time}', { time: describeDuration(left) }) };
}

/** Only where the machine's own authority was read too. */
function authorityOf({ authorities, client, clientFile, signedBy }: KubeconfigFile, set: FileSet): Flaw | undefined {
  const own = authoritiesIn(set, 'ca').map(({ certificate }) => certificate.sha256);
  if (own.length === 0) return undefined;
  const trusts = authorities.length === 0 || authorities.some(({ sha256 }) => own.includes(sha256));
  if (!trusts) return { reason: 'other-authority', severity: 'critical', words: 'holds another authority than ca.crt beside it' };
  // What lies in a file of its own is judged there, by who signed it.
  if (client === undefined || clientFile !== undefined || signedBy.some((one) => own.includes(one))) return undefined;
  return { reason: 'other-authority', severity: 'critical', words: 'logs in with what another authority signed' };
}

/** A name may lead anywhere; an address that belongs to nobody does not. */
function placeFlaw(seen: Seen<(typeof needs)[number]>, { server }: KubeconfigFile): Flaw | undefined {
  const host = splitAddress(server, 6443)?.host ?? '';
  const { masters, mastersComplete, entry } = seen.topology;
  const config = seen.peek('kube.kubeadm-config');
  if (host === '' || isLoopback(host) || !isAddress(host) || !mastersComplete || config?.state !== 'known') return undefined;
  const known = [
    ...masters.flatMap(({ doors }) => doors.map((door) => door.host)),
    entry?.host,
    splitAddress(config.value.controlPlaneEndpoint, 6443)?.host,
  ];
  return known.includes(host)
    ? undefined
    : { reason: 'elsewhere', severity: 'warning', words: 'leads to an address that no master and no load balancer has' };
}

function rotationOf({ role, client }: KubeconfigFile): Flaw | undefined {
  if (role !== 'kubelet' || client === undefined) return undefined;
  return { reason: 'no-rotation', severity: 'warning', words: 'holds a certificate itself, which nothing rotates' };
}

function planFor({ verdicts }: Cause, seen: Seen): readonly Fix[] {
  return verdicts.flatMap(({ facts, subject, reason }): readonly Fix[] => {
    const [node, file] = [subject.name, String(facts['file'])];
    // One that leads elsewhere must not keep its server.
    const keepsServer = reason === 'expired' || reason === 'expiring' || reason === 'other-authority';
    return file === 'kubelet.conf' && keepsServer && isKubeadm(seen)
      ? planToGiveLogin(seen, node, [apiNeed(seen)])
      : [remake(seen, node, file, reason)];
  });
}

function remake(seen: Seen, node: string, file: string, reason: string | undefined): Fix {
  const { kind } = seen.topology.platform;
  const base = {
    where: node,
    risk: 'medium',
    needs: [{ text: say('the key of the authority lies on {node}', { node }), met: 'unknown' }],
  } as const;
  if (kind === 'k3s' || kind === 'rke2')
    return { ...base, do: say('Let {node} make it anew', { node }), run: rotateAll(kind), verify: [`${kind} certificate check`] };
  if (!isKubeadm(seen)) return { ...base, do: say('Make it anew on {node} with whatever made it', { node }), run: [], verify: [] };
  const reader = file === 'kubelet.conf' ? undefined : readerOf(file.replace('.conf', ''));
  // Such a kubelet.conf has a plan of its own.
  const renews = reason === 'expired' || reason === 'expiring';
  const restart = file === 'kubelet.conf' ? ['systemctl restart kubelet'] : reader === undefined ? [] : [restartOf(reader)];
  const isMade = !renews && reason !== 'no-rotation';
  return {
    ...base,
    needs: isMade ? [...base.needs, apiNeed(seen)] : base.needs,
    do: say('Make {file} anew on {node}, as root', { file, node }),
    run: [keepCopy(seen), ...(isMade ? makeBeside(seen, node, file) : [changeInPlace(seen, file, renews)]), ...restart],
    verify: ['kubeadm certs check-expiration', ...deleteCopies(seen, 'kept', ...(isMade ? (['beside'] as const) : []))],
    undo: [putBack(seen, file), ...restart],
  };
}

/** kubeadm leaves a file that is there as it is, so it works in a folder of its own. */
function makeBeside(seen: Seen, node: string, file: string): readonly string[] {
  const beside = besideFolder(seen);
  return [
    copyWithout(seen, []),
    ...configureBeside(seen, node),
    `${phaseBeside(seen, `kubeconfig ${file.replace('.conf', '')}`)} --kubeconfig-dir ${beside}`,
    `test -s ${beside}/${file} && test -e ${keptCopy(seen)} && mv -f ${beside}/${file} /etc/kubernetes/`,
  ];
}

function changeInPlace(seen: Seen, file: string, renews: boolean): string {
  if (renews) return `test -e ${keptCopy(seen)} && kubeadm certs renew ${file}`;
  return nameRotated();
}
