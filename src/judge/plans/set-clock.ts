// How is a clock that is off put right?
import type { Fix } from '../../model/rule.ts';
import { say } from '../../model/sentence.ts';

/** Steps on one machine, looking first: a clock that jumps back can break leases and certificates. */
export function planToSetClock(node: string, direction: 'ahead' | 'behind' | 'unclear'): readonly Fix[] {
  return [
    {
      do: say('See who keeps the time on {node}', { node }),
      where: node,
      run: ['timedatectl', 'chronyc sources -n; chronyc -n tracking'],
      risk: 'none',
      needs: [],
      verify: [],
    },
    {
      do:
        direction === 'ahead'
          ? say('Set the clock of {node} back by its time service', { node })
          : say('Let the time service of {node} set its clock', { node }),
      where: node,
      run: ['systemctl restart chronyd', 'chronyc makestep'],
      risk: 'medium',
      needs: [{ text: 'its time sources agree with each other', met: 'unknown' }],
      verify: ['chronyc -n tracking   # System time within 0.1 s'],
    },
  ];
}
