// Is old history dropped from etcd?
import { shellWord } from '../../src/judge/shell-word.ts';
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { describeDuration } from '../../src/model/time.ts';
import { changeFlags } from '../../src/judge/plans/change-settings.ts';
import { anotherServes } from '../../src/judge/readings/api-server.ts';
import { compactionOf, type Compaction, planned } from '../../src/judge/readings/compaction.ts';
import { homeOf } from '../../src/judge/readings/component-home.ts';
import { anApiServerReadsEtcd } from '../../src/judge/readings/etcd-path.ts';
import { shellFor } from '../../src/judge/readings/etcdctl.ts';
import { membersOf } from '../../src/judge/readings/member.ts';
import { metricsOf } from '../../src/judge/readings/member-words.ts';
import { couldNotAsk, namesOf } from '../../src/judge/readings/voters.ts';
import type { Fix, Seen } from '../../src/model/rule.ts';
import { say } from '../../src/model/sentence.ts';
import { clusterSubject } from '../../src/model/subject.ts';
import { compact } from './plans/free-space.ts';

export default defineRule({
  id: 'etcd-compaction',
  area: 'etcd',
  since: '0.1.0',
  severity: 'warning',
  impact: 'at-risk',
  layer: 2,
  title: 'old history stays in etcd: {words}',
  healthy: 'old history is dropped from etcd',
  why: 'Every change of every object stays in the database; it grows until it reaches its quota and etcd refuses all writes.',
  shows: ['{words}', 'if kept: {kept} revisions are kept'],
  folded: '{words}',
  needs: ['etcd.metrics', 'etcd.clock', 'etcd.members', 'kube.control-plane-pods', 'here.files', 'api.ready', 'etcd.status'],
  limits: {
    stalled: {
      value: 1800,
      unit: 's since anything was dropped',
      source: 'k8s.io/apiserver storagebackend DefaultCompactInterval is 5 min: six rounds were missed',
    },
    shortest: {
      value: 60,
      unit: 's of history kept at least',
      source: 'https://etcd.io/docs/v3.6/op-guide/maintenance/: clients that lag lose their watches',
    },
  },
  reasons: ['off', 'stalled', 'too-short'],
  subjects: () => [clusterSubject],
  judge: (seen, limits) => {
    const members = membersOf(seen).filter((member) => member.started);
    const plan = planned(seen);
    if (plan.byEtcd !== undefined && plan.byEtcd > 0 && plan.byEtcd < limits.shortest) {
      const words = say('etcd itself keeps only {seconds} s of it', { seconds: plan.byEtcd });
      return fail({ words, kept: '' }, { reason: 'too-short', witness: 'stated' });
    }
    const looks = members.flatMap((member) => compactionOf(seen, member) ?? []);
    const kept = keptBy(looks);
    if (plan.byApiServers === 'never' && plan.byEtcd === 0) {
      const words = 'every API server runs with --etcd-compaction-interval=0, and etcd drops nothing by itself';
      return fail({ words, kept }, { reason: 'off', witness: 'stated' });
    }
    const recent = looks.filter((look) => look.ago !== undefined && look.ago <= limits.stalled);
    if (recent.length > 0) return pass({ ago: Math.round(Math.min(...recent.map((look) => look.ago ?? 0))) });
    if (members.every((member) => metricsOf(seen, member)?.value.revision === undefined))
      return couldNotAsk(seen, members, 'no member told what it has dropped');
    const old = looks.filter((look) => look.age > limits.stalled);
    if (old.length === 0) return undecided('etcd was started too lately to tell', 'run ha-doctor again half an hour after its start');
    if (anApiServerReadsEtcd(seen) !== 'yes')
      return undecided('no API server was seen at work, and they are who drops it', 'run ha-doctor again');
    const ago = old.flatMap((look) => look.ago ?? []);
    const since =
      ago.length === 0 ? describeDuration(Math.max(...old.map((look) => look.age)) * 1000) : describeDuration(Math.min(...ago) * 1000);
    return fail({ words: say('nothing was dropped for {since}', { since }), kept }, { reason: 'stalled', witness: 'stated' });
  },
  explains: [
    {
      to: 'etcd-db-near-quota',
      kind: 'causes',
      on: 'cluster',
      because: 'history that is never dropped fills the database',
      unproven: true,
    },
    {
      to: 'etcd-alarm-nospace',
      kind: 'causes',
      on: 'cluster',
      because: 'history that is never dropped fills the database',
      unproven: true,
    },
    {
      to: 'etcd-fragmentation',
      kind: 'causes',
      on: 'cluster',
      because: 'history dropped all at once leaves a file full of free pages',
      produces: ['loose'],
      unproven: true,
    },
  ],
  fixes: ({ verdicts }, seen) => {
    const reason = verdicts[0]?.reason;
    if (reason === 'off') return [...turnOn(seen), ...compact(seen)];
    return reason === 'stalled' ? [...seeWhy(seen), ...compact(seen)] : [];
  },
  avoid: () => [
    'compact at the newest revision: every watch starts anew at once',
    'defragment before anything was dropped: it gives back nothing',
  ],
  reading: ['https://etcd.io/docs/v3.6/op-guide/maintenance/#history-compaction-v3-api-key-value-database'],
  errors: ['etcdserver: mvcc: required revision has been compacted', 'mvcc: database space exceeded'],
});

function keptBy(looks: readonly Compaction[]): number | '' {
  const kept = looks.flatMap((look) => look.kept ?? []);
  return kept.length === 0 ? '' : Math.max(...kept);
}

function turnOn(seen: Seen): readonly Fix[] {
  return seen.topology.masters.map((master) => {
    const node = master.subject.keys.node ?? master.host;
    return {
      do: say('Let the API server on {node} drop history every five minutes again', { node }),
      where: node,
      ...changeFlags(seen, homeOf(seen, 'kube-apiserver', node), { remove: ['etcd-compaction-interval'], add: [] }),
      risk: 'medium' as const,
      needs: [{ text: 'another API server serves', met: anotherServes(seen, node) }],
      verify: [`kubectl ${shellWord(`--server=https://${master.subject.id}`)} get --raw /readyz   # before the next master`],
    };
  });
}

function seeWhy(seen: Seen): readonly Fix[] {
  const [first] = membersOf(seen);
  if (first === undefined) return [];
  const { where, etcdctl } = shellFor(seen, first);
  return [
    {
      do: say('See who should drop it: the key moves every five minutes where an API server of {names} does', { names: namesOf([first]) }),
      where,
      run: [`${etcdctl} get compact_rev_key -w fields | grep -E 'ModRevision|Version|Value'`],
      risk: 'none',
      needs: [],
      verify: ["kubectl -n kube-system logs -l component=kube-apiserver --prefix --tail=500 | grep -i 'compact'"],
    },
  ];
}
