// Does a process still use a certificate that was renewed in its file?
import { homeOf, lookAt, unitOf } from '../../src/judge/readings/component-home.ts';
import { kubeletPlace, restartKubelet } from '../../src/judge/readings/kubelet-home.ts';
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { restartOf } from '../../src/judge/plans/reissue-certificate.ts';
import { certificateNeeds, endOf, hasEnded } from '../../src/judge/readings/certificate.ts';
import { placeOf } from '../../src/judge/readings/certificate-places.ts';
import { describeRole } from '../../src/judge/readings/certificate-role.ts';
import { describeLeaf } from '../../src/judge/readings/certificate-words.ts';
import { setOf, subjectsInFiles } from '../../src/judge/readings/file-subjects.ts';
import { serverNow } from '../../src/judge/readings/host-clock.ts';
import { bothIn, loginOf, logins, type Login } from '../../src/judge/readings/stale.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import type { Cause, Fix, Seen } from '../../src/model/rule.ts';
import { say } from '../../src/model/sentence.ts';
import { describeDuration, describeMoment } from '../../src/model/time.ts';

const day = 86_400_000;

export default defineRule({
  id: 'cert-stale-in-memory',
  area: 'certificates',
  since: '0.1.0',
  severity: 'warning',
  impact: 'at-risk',
  layer: 0,
  final: true,
  title: '{component} on {node} still uses a certificate that was renewed in its file',
  healthy: 'processes use the certificates in their files',
  why: 'The renewal has not arrived: when the certificate in memory ends, the process is refused, whatever its file says.',
  shows: ['{node} {role}  in use: {used}', '  {path}: {lies}', '  {when}'],
  folded: 'renewed in its file, not in use yet',
  needs: certificateNeeds,
  limits: {
    settled: {
      value: 120,
      unit: 's',
      source: 'API servers read files again each minute (dynamiccertificates), etcd at each handshake; twice that',
    },
    critical: { value: 7, unit: 'days', source: 'as for any certificate that is about to end' },
  },
  reasons: ['served', 'login'],
  subjects: (seen) =>
    subjectsInFiles(seen, (set) => [
      ...bothIn(seen, set.node).map(({ place }) => place.subject),
      ...logins(set).map(({ role }) => placeOf(seen.topology, set.node, role)),
    ]),
  judge: (seen, limits, subject) => {
    const set = setOf(seen, subject);
    const both = bothIn(seen, set.node).find(({ place }) => place.subject.id === subject.id);
    const now = serverNow(seen);
    if (both === undefined) return judgeLogin(seen, loginOf(set, subject));
    const { place, served, file } = both;
    if (served.certificate.sha256 === file.certificate.sha256 || endOf(file.certificate) <= endOf(served.certificate))
      return pass({ node: set.node, role: place.role });
    const age = file.modifiedAt === undefined ? undefined : now.low - file.modifiedAt;
    if (age !== undefined && age < limits.settled * 1000) return undecided('its file was written a moment ago', 'run ha-doctor again');
    const facts = {
      ...describeLeaf(place, served),
      component: describeRole(place.role).name,
      used: say('ends {ends}, from {where}', { ends: describeMoment(served.certificate.notAfter), where: served.where }),
      path: file.where,
      lies: say('ends {ends}', { ends: describeMoment(file.certificate.notAfter) }),
      when: age === undefined ? '' : say('written {time} ago', { time: describeDuration(age) }),
    };
    const soon = hasEnded(served.certificate, now) || endOf(served.certificate) - now.low <= limits.critical * day;
    const severity = soon && describeRole(place.role).severity === 'critical' ? 'critical' : 'warning';
    return fail(facts, { reason: 'served', severity, group: place.role, witness: 'stated' });
  },
  explains: [
    {
      to: 'cert-leaf-expired',
      kind: 'causes',
      on: 'file',
      because: 'the file is valid; what is served is the one from before its renewal',
      when: ({ cause }) => (cause.reason === 'served' ? 'yes' : 'no'),
      unproven: true,
    },
    {
      to: 'cert-leaf-expiring',
      kind: 'causes',
      on: 'file',
      because: 'the file lasts; what is served is the one from before its renewal',
      when: ({ cause }) => (cause.reason === 'served' ? 'yes' : 'no'),
      unproven: true,
    },
    {
      to: 'le-component-unhealthy',
      kind: 'causes',
      on: 'node',
      because: 'it logs in with a certificate that has ended',
      when: ({ cause }) => (cause.reason === 'login' ? 'yes' : 'no'),
      unproven: true,
    },
  ],
  fixes: planFor,
  avoid: () => ['renew again: the file is good, the process has to read it'],
  reading: ['https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/kubeadm-certs/#manual-certificate-renewal'],
});

/** Controllers read their kubeconfig once. */
function judgeLogin(seen: Seen, login: Login | undefined) {
  if (login === undefined) return pass({});
  const { node, role, component, file } = login;
  const pods = seen.peek('kube.control-plane-pods');
  const pod = pods?.state === 'known' ? pods.value.pods.find((one) => one.component === component && one.node === node) : undefined;
  const startedAt = pod?.containers[0]?.startedAt;
  if (startedAt === undefined || file.modifiedAt === undefined)
    return undecided(
      `when ${component} on ${node} was started, and its file written, is not known`,
      'ps -o lstart= -C kube-controller-manager; stat /etc/kubernetes/*.conf',
    );
  if (file.modifiedAt <= startedAt) return pass({ node, role });
  const facts = {
    node,
    role,
    component,
    used: say('what it read at {moment}', { moment: describeMoment(new Date(startedAt).toISOString()) }),
    path: file.path,
    lies: say('written {moment}', { moment: describeMoment(new Date(file.modifiedAt).toISOString()) }),
    when: '',
  };
  return fail(facts, { reason: 'login', group: role, witness: 'agreed' });
}

function planFor({ verdicts }: Cause, seen: Seen): readonly Fix[] {
  return verdicts.map(({ facts, subject, reason }): Fix => {
    const [node, role] = [subject.name, String(facts['role'])];
    const component = reason === 'login' ? String(facts['component']) : role.startsWith('etcd') ? 'etcd' : 'kube-apiserver';
    const home = homeOf(seen, component, node);
    const isKubelet = role.startsWith('kubelet');
    const unit = unitOf(home);
    const restart = unit === undefined ? (home.kind === 'static-pod' ? [restartOf(component)] : []) : [`systemctl restart ${unit}`];
    return {
      do: say('Let it read its file: start it anew on {node}', { node }),
      where: isKubelet ? kubeletPlace(seen, node) : node,
      run: isKubelet ? [restartKubelet(seen, node)] : restart,
      risk: 'medium',
      needs: [{ text: 'the same component serves on another machine', met: 'unknown' }],
      verify:
        reason === 'login'
          ? lookAt(home).map((command) => `${command}   # started after the file was written`)
          : [`echo | openssl s_client -connect ${shellWord(String(facts['where']))} 2>/dev/null | openssl x509 -noout -enddate`],
    };
  });
}
