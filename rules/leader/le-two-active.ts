// Does one instance of each controller work at a time?
import { homeOf, wayToFlags } from '../../src/judge/readings/component-home.ts';
import { defineRule, fail, notSampled, pass, undecided } from '../../src/judge/define-rule.ts';
import { mastersOf, readApiServer, servesClients } from '../../src/judge/readings/api-server.ts';
import { electionSubjects, electorsOf, electorSupports, locksHeld, nodesOf, runningOf } from '../../src/judge/readings/election.ts';
import { startingLimit } from '../../src/judge/readings/component.ts';
import { findLease, leasePlace } from '../../src/judge/readings/lease-place.ts';
import { nodeLimits } from '../../src/judge/readings/node.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import type { Seen } from '../../src/model/rule.ts';
import { say } from '../../src/model/sentence.ts';
import { keysOn, type Master } from '../../src/model/topology.ts';

export default defineRule({
  id: 'le-two-active',
  area: 'leader',
  since: '0.2.0',
  severity: 'critical',
  impact: 'degraded',
  layer: 5,
  title: 'more than one {component} works at a time: {words}',
  healthy: 'one instance of each controller works at a time',
  why: 'Two that work at once undo each other. Clocks that differ do not bring this about: an election goes by what each instance sees itself.',
  shows: ['{component}  {words}', 'each rows: {node}  {seen}'],
  folded: '{words}',
  needs: [
    'kube.control-plane-pods',
    'kube.nodes',
    'kube.node-leases',
    'here.files',
    'kube.leases',
    'api.leases',
    'api.ready',
    'etcd.clock',
  ],
  limits: {
    ...nodeLimits,
    starting: startingLimit,
    looks: {
      value: 2,
      unit: 'looks, a second apart',
      source: 'convention: a lease that is deleted and made anew shows two uids for a moment',
    },
  },
  reasons: ['no-election', 'two-locks', 'two-stores', 'alternating'],
  subjects: (seen) => electionSubjects(seen),
  confirm: { evidence: ['api.leases'], times: 1, everyMs: 1000 },
  judge: (seen, limits, subject) => {
    const component = subject.name;
    const all = electorsOf(seen, component, limits.heartbeat * 1000);
    const running = runningOf(seen, component, all, limits);
    const free = running.filter((one) => one.elects === false);
    const locks = [...new Set(running.flatMap((one) => (one.elects === false ? [] : (one.lock ?? []))))];
    const rows = running.map((one) => ({
      node: one.node,
      seen: one.elects === false ? say('works without being elected') : (one.lock ?? '?'),
    }));
    const supports = electorSupports(seen, running, (one) => free.includes(one));
    if (free.length > 0 && running.length > 1) {
      const words = say('{names} without being elected', { names: nodesOf(free) });
      return fail({ component, words, rows }, { reason: 'no-election', witness: 'stated', supports });
    }
    const { held, open: unseen } = locksHeld(seen, locks, limits);
    if (held.length > 1) {
      const words = say('a leader for each of {count} locks', { count: held.length });
      return fail({ component, words, rows }, { reason: 'two-locks', witness: 'stated', supports });
    }
    const turns = turnsOf(seen, component);
    if (turns.length > new Set(turns).size) {
      const words = say('the lease goes to and fro: {turns}', { turns: turns.join(' → ') });
      return fail({ component, words, rows }, { reason: 'alternating', witness: 'agreed', supports });
    }
    const views = viewsOf(seen, component);
    const stores = new Set(views.map((view) => view.uid));
    if (stores.size > 1 && Math.min(...views.map((view) => view.looks)) < limits.looks) return notSampled();
    if (stores.size > 1) {
      const words = say('API servers show {count} different leases of that name', { count: stores.size });
      const shown = views.map(({ master, holder, uid }) => ({
        node: master.subject.name,
        seen: say('held by {holder}, uid {uid}', { holder, uid }),
      }));
      const common = views.filter((one) => one.uid === commonOf(views));
      const odd = views.map((one) => ({
        name: one.master.subject.name,
        keys: keysOn(seen.topology, one.master.subject.keys.node ?? one.master.subject.name),
        state: common.includes(one) ? ('good' as const) : ('lost' as const),
      }));
      return fail({ component, words, rows: shown }, { reason: 'two-stores', witness: 'agreed', supports: odd });
    }
    if (locks.length > 1 && held.length + unseen.length > 1)
      return undecided(`whether somebody leads ${component} by ${unseen.join(', ')} is not seen`, 'kubectl get leases -A');
    const [open] = all.filter((one) => !running.includes(one) || one.elects === undefined || one.lock === undefined);
    if (open !== undefined)
      return undecided(
        `whether and how ${component} on ${open.node} elects a leader cannot be seen`,
        wayToFlags(homeOf(seen, component, open.node), open.node),
      );
    return pass({ component, lock: locks[0] ?? '' });
  },
  explains: [],
  fixes: ({ verdicts }, seen) =>
    verdicts.map(({ facts }) => {
      const component = String(facts['component']);
      const { namespace, name } = leasePlace(seen, component);
      const ask = `-n ${shellWord(namespace)} get lease ${shellWord(name)} -o jsonpath='{.metadata.uid} {.spec.holderIdentity} {.spec.renewTime}{"\\n"}'`;
      return {
        do: say('See who leads {component} by each API server: one uid, one holder', { component }),
        where: 'here',
        run: seen.topology.masters.map((master) => `kubectl --server=${shellWord(`https://${master.subject.id}`)} ${ask}`),
        risk: 'none' as const,
        needs: [],
        verify: [],
      };
    }),
  avoid: () => ['set clocks for this: a leader is elected by what each instance sees change, whatever the clocks show'],
  reading: [
    'https://pkg.go.dev/k8s.io/client-go/tools/leaderelection',
    'https://kubernetes.io/docs/concepts/architecture/leases/#leader-election',
  ],
});

/** Holders in the order they were seen, without repeats in a row. */
function turnsOf(seen: Seen<'kube.leases' | 'kube.control-plane-pods'>, component: string): readonly string[] {
  const looks = seen.samples('kube.leases').flatMap((look) => findLease(seen, look.value.leases, component)?.holder || []);
  return looks.filter((holder, index) => index === 0 || holder !== looks[index - 1]);
}

interface View {
  readonly master: Master;
  readonly uid: string;
  readonly holder: string;
  readonly looks: number;
}

/** What each API server that serves shows of the lease. Ends the judgement where one that serves was not asked. */
function viewsOf(seen: Seen<'api.leases' | 'api.ready' | 'kube.control-plane-pods'>, component: string): readonly View[] {
  const asked = mastersOf(seen).filter((master) => seen.peek('api.leases', master.subject)?.state === 'known');
  for (const master of mastersOf(seen)) {
    if (!asked.includes(master) && servesClients(readApiServer(seen, master))) seen.get('api.leases', master.subject);
  }
  return asked.flatMap((master) => {
    const looks = seen.samples('api.leases', master.subject);
    const lease = findLease(seen, looks.at(-1)?.value.leases ?? [], component);
    return lease?.uid === undefined ? [] : [{ master, uid: lease.uid, holder: lease.holder, looks: looks.length }];
  });
}

function commonOf(views: readonly View[]): string | undefined {
  const votes = ({ uid }: View): number => views.filter((one) => one.uid === uid).length;
  return [...views].sort((one, other) => votes(other) - votes(one))[0]?.uid;
}
