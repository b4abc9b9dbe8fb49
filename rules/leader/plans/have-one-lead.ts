// What can be done about a lease that nobody renews?
import { getLease } from '../../../src/judge/readings/lease-place.ts';
import { homeOf, lookAt, readLog, start } from '../../../src/judge/readings/component-home.ts';
import { isListedNowhere } from '../../../src/judge/readings/component.ts';
import { shellWord } from '../../../src/judge/shell-word.ts';
import type { Fix, Seen } from '../../../src/model/rule.ts';
import { say } from '../../../src/model/sentence.ts';
import type { Fail, Support } from '../../../src/model/verdict.ts';

type SeenPods = Seen<'kube.control-plane-pods'>;

const unrisky = { risk: 'none' as const, needs: [], verify: [] };

/** Seconds without a renewal, before which nobody deletes a lease. */
const still = 60;

export function planToHaveOneLead(seen: SeenPods, { facts, supports = [] }: Fail): readonly Fix[] {
  const component = String(facts['component']);
  const able = supports.filter((one) => one.state === 'good');
  const node = (able[0] ?? supports[0])?.name;
  if (node === undefined) return [];
  if (isListedNowhere(seen, component)) return planToPutBack(seen, component, supports);
  const look = lookAtLog(seen, component, node);
  const allGood = able.length === supports.length;
  if (!allGood || Number(facts['seconds']) < still) return [look];
  return [
    look,
    {
      do: say('Only if every instance runs and still none takes it: delete the lease of {component}', { component }),
      where: 'here',
      run: [getLease(seen, component, 'delete')],
      risk: 'low',
      needs: [
        { text: say('all {supportsCount} candidates can work', { supportsCount: supports.length }), met: 'yes' },
        { text: 'not renewed for 60 s', met: 'yes' },
        { text: 'the API takes writes', met: 'unknown' },
      ],
      verify: [`${getLease(seen, component)}   # a new holder within 20 s`],
    },
  ];
}

const signs = `grep -iE 'lease|leaderelection|forbidden|x509|refused'`;

/** By the pod's own name where it is listed, on its machine where it is not. */
function lookAtLog(seen: SeenPods, component: string, node: string): Fix {
  const step = { do: say('See what keeps {component} on {node} from renewing', { component, node }), ...unrisky };
  const list = seen.peek('kube.control-plane-pods');
  const pods = list?.state === 'known' ? list.value.pods : [];
  const pod = pods.find((one) => one.component === component && one.node === node);
  if (pod === undefined) return { ...step, where: node, run: readLog(homeOf(seen, component, node), { filter: signs }) };
  return { ...step, where: 'here', run: [`kubectl -n kube-system logs ${shellWord(pod.name)} --tail=50 | ${signs}`] };
}

/** One that runs nowhere has no log either: what starts it is missing. */
function planToPutBack(seen: SeenPods, component: string, supports: readonly Support[]): readonly Fix[] {
  const nodes = supports.map((one) => one.name);
  const looks = nodes.map((node): Fix => {
    const home = homeOf(seen, component, node);
    const search = home.kind === 'static-pod' ? [`find /etc/kubernetes /root /home /tmp -name ${shellWord(`${component}.yaml*`)}`] : [];
    return {
      do: say('See whether {component} is to run on {node}, and where its manifest went', { component, node }),
      where: node,
      run: [...lookAt(home), ...search],
      ...unrisky,
    };
  });
  const [node = '', ...others] = nodes;
  const home = homeOf(seen, component, node);
  if (home.kind !== 'static-pod') return looks;
  return [
    ...looks,
    {
      do:
        others.length === 0
          ? say('Put the manifest of {component} back on {node}', { component, node })
          : say('Put the manifest of {component} back on {node}, then likewise on {others}', {
              component,
              node,
              others: others.join(', '),
            }),
      where: node,
      run: start(home),
      risk: 'low',
      needs: [
        { text: 'it lies in /root/held there: elsewhere it is moved from where it was found', met: 'unknown' },
        { text: 'nobody took it away on purpose', met: 'unknown' },
      ],
      verify: [`${getLease(seen, component)}   # a new holder within 40 s`],
    },
  ];
}

/** A component that was removed leaves its lease; one that runs by other labels is not seen, so both are asked for. */
export function planForLeftOver(seen: SeenPods, component: string): readonly Fix[] {
  return [
    {
      do: say('See whether {component} runs under another name', { component }),
      where: 'here',
      run: [`kubectl get pods -A -o wide | grep -iE 'cloud-controller|cloud-provider|ccm'`],
      ...unrisky,
    },
    {
      do: 'If it was removed for good: delete the lease it left',
      where: 'here',
      run: [getLease(seen, component, 'delete')],
      risk: 'low',
      needs: [{ text: say('no instance of {component} is left', { component }), met: 'unknown' }],
      verify: [`${getLease(seen, component)}   # not found, and it stays so`],
    },
  ];
}
