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
import { hasOutlived, wasMadeSince } from '../../src/judge/readings/made-since.ts';
import { serverNow } from '../../src/judge/readings/host-clock.ts';
import { bothIn, loginOf, logins, type Login } from '../../src/judge/readings/stale.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import type { FileSet } from '../../src/model/here.ts';
import type { Cause, Certainty, Fix, Need, Seen } from '../../src/model/rule.ts';
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
  title: '{component} on {node} {words}',
  healthy: 'processes use the certificates in their files',
  why: 'A process that has not read its file goes by what it read before: when that certificate ends it is refused, whatever the file says.',
  shows: ['{node} {role}  in use: {used}', '  {path}: {lies}', '  {when}'],
  folded: '{brief}',
  needs: certificateNeeds,
  limits: {
    settled: {
      value: 120,
      unit: 's',
      source: 'API servers read files again each minute (dynamiccertificates), etcd at each handshake; twice that',
    },
    critical: { value: 7, unit: 'days', source: 'as for any certificate that is about to end' },
  },
  reasons: ['served', 'login', 'written'],
  subjects: (seen) =>
    subjectsInFiles(seen, (set) => [
      ...bothIn(seen, set.node).map(({ place }) => place.subject),
      ...logins(set).map(({ role }) => placeOf(seen.topology, set.node, role)),
    ]),
  judge: (seen, limits, subject) => {
    const set = setOf(seen, subject);
    const both = bothIn(seen, set.node).find(({ place }) => place.subject.id === subject.id);
    const now = serverNow(seen);
    if (both === undefined) return judgeLogin(seen, set, loginOf(set, subject), now.low);
    const { place, served, file } = both;
    if (served.certificate.sha256 === file.certificate.sha256 || endOf(file.certificate) <= endOf(served.certificate))
      return pass({ node: set.node, role: place.role });
    const age = file.modifiedAt === undefined ? undefined : now.low - file.modifiedAt;
    if (age !== undefined && age < limits.settled * 1000) return undecided('its file was written a moment ago', 'run ha-doctor again');
    const facts = {
      ...describeLeaf(place, served),
      ...renewed,
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
      when: ({ cause }) => (cause.reason === 'served' ? 'no' : (cause.facts['ended'] as Certainty)),
      unproven: true,
    },
  ],
  fixes: planFor,
  avoid: ({ verdicts }) =>
    verdicts.some(({ reason }) => reason !== 'written') ? ['renew again: the file is good, the process has to read it'] : [],
  reading: ['https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/kubeadm-certs/#manual-certificate-renewal'],
});

const renewed = { words: 'still uses a certificate that was renewed in its file', brief: 'renewed in its file, not in use yet' };
const written = { words: 'was started before its file was last written', brief: 'its file was written after its start' };

/** Controllers read their kubeconfig once. */
function judgeLogin(seen: Seen, set: FileSet, login: Login | undefined, now: number) {
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
  const since = wasMadeSince(startedAt, login, set);
  const facts = {
    ...(since === 'yes' ? renewed : written),
    node,
    role,
    component,
    used: say('what it read at {moment}', { moment: describeMoment(new Date(startedAt).toISOString()) }),
    path: file.path,
    lies: say('written {moment}', { moment: describeMoment(new Date(file.modifiedAt).toISOString()) }),
    when: since === 'yes' ? '' : 'whether the certificate in it changed is not known',
    ended: since === 'yes' ? hasOutlived(startedAt, now, login, set) : 'unknown',
  };
  if (since === 'yes') return fail(facts, { reason: 'login', group: role, witness: 'agreed' });
  return fail(facts, { reason: 'written', severity: 'info', group: role, witness: 'measured' });
}

function planFor({ verdicts }: Cause, seen: Seen): readonly Fix[] {
  return verdicts.flatMap(({ facts, subject, reason }): readonly Fix[] => {
    const [node, role] = [subject.name, String(facts['role'])];
    const isServed = reason === 'served';
    const component = isServed ? (role.startsWith('etcd') ? 'etcd' : 'kube-apiserver') : String(facts['component']);
    const home = homeOf(seen, component, node);
    const isKubelet = role.startsWith('kubelet');
    const unit = unitOf(home);
    const restart = unit === undefined ? (home.kind === 'static-pod' ? [restartOf(component)] : []) : [`systemctl restart ${unit}`];
    const isChanged: Need = { text: 'something in the file changed that it has to know', met: 'unknown' };
    const anew: Fix = {
      do: say('Let it read its file: start it anew on {node}', { node }),
      where: isKubelet ? kubeletPlace(seen, node) : node,
      run: isKubelet ? [restartKubelet(seen, node)] : restart,
      risk: 'medium',
      needs: [...(reason === 'written' ? [isChanged] : []), { text: 'the same component serves on another machine', met: 'unknown' }],
      verify: isServed
        ? [`echo | openssl s_client -connect ${shellWord(String(facts['where']))} 2>/dev/null | openssl x509 -noout -enddate`]
        : lookAt(home).map((command) => `${command}   # started after the file was written`),
    };
    return reason === 'written' ? [lookInto(node, String(facts['path'])), anew] : [anew];
  });
}

/** The file alone does not tell: who renewed it knows, or a copy from before. */
function lookInto(node: string, path: string): Fix {
  const embedded = `sed -n 's/^ *client-certificate-data: *//p' ${shellWord(path)}`;
  return {
    do: 'See which certificate lies in the file, and compare it with a copy from before: nobody can ask the process for the one it uses',
    where: node,
    run: [`${embedded} | base64 -d | openssl x509 -noout -subject -dates -serial`],
    risk: 'none',
    needs: [],
    verify: [],
  };
}
