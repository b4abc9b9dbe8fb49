// How is a flag of a controller's static pod changed, one master after the other?
import { shellWord } from '../shell-word.ts';
import type { Certainty, Fix } from '../../model/rule.ts';
import { say } from '../../model/sentence.ts';

export interface FlagChange {
  readonly component: string;
  /** Flags to take out, without dashes, as an alternation of names; then those to put in, with dashes. */
  readonly remove: readonly string[];
  readonly add: readonly string[];
}

/** `spare` says whether another instance can lead while the one on that node restarts. */
export function planToSetFlags(node: string, { component, remove, add }: FlagChange, spare: Certainty): Fix {
  const manifest = shellWord(`/etc/kubernetes/manifests/${component}.yaml`);
  const kept = shellWord(`/root/${component}.yaml.before`);
  const shown = add.length === 0 ? say('Take those flags of {component} out on {node}', { component, node }) : undefined;
  return {
    do: shown ?? say('Start {component} on {node} with {flags}', { component, node, flags: add.join(' ') }),
    where: node,
    run: [
      `cp -a ${manifest} ${kept}`,
      `sed -i -E ${shellWord(`/--(${remove.join('|')})(=| |$)/d`)} ${manifest}`,
      ...add.map((flag) => `sed -i ${shellWord(`s|^    - ${component}$|&\\n    - ${flag}|`)} ${manifest}`),
    ],
    risk: 'medium',
    needs: [{ text: say('another instance of {component} can lead meanwhile', { component }), met: spare }],
    verify: [`kubectl -n kube-system get lease ${shellWord(component)} -o jsonpath='{.spec}'   # renewTime moves on`],
    undo: [`cp -a ${kept} ${manifest}`],
  };
}
