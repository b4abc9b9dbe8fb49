// How is a flag of a controller changed, one master after the other?
import { homeOf } from '../readings/component-home.ts';
import { getLease } from '../readings/lease-place.ts';
import type { Certainty, Fix, Seen } from '../../model/rule.ts';
import { say } from '../../model/sentence.ts';
import { changeFlags, type Flags } from './change-settings.ts';

/** `spare` says whether another instance can lead while the one on that node restarts. */
export function planToSetFlags(seen: Seen, node: string, component: string, flags: Flags, spare: Certainty): Fix {
  const { add } = flags;
  const shown = add.length === 0 ? say('Take those flags of {component} out on {node}', { component, node }) : undefined;
  return {
    do: shown ?? say('Start {component} on {node} with {flags}', { component, node, flags: add.join(' ') }),
    where: node,
    ...changeFlags(seen, homeOf(seen, component, node), flags),
    risk: 'medium',
    needs: [{ text: say('another instance of {component} can lead meanwhile', { component }), met: spare }],
    verify: [`${getLease(seen, component)} -o jsonpath='{.spec}'   # renewTime moves on`],
  };
}
