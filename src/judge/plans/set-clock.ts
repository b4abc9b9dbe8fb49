// How is a clock that is off put right?
import type { Fix, Seen } from '../../model/rule.ts';
import { say } from '../../model/sentence.ts';
import { hasNoShell, talosctl } from '../readings/talosctl.ts';

/** Steps on one machine, looking first: a clock that jumps back can break leases and certificates. */
export function planToSetClock(node: string, direction: 'ahead' | 'behind' | 'unclear', seen: Seen): readonly Fix[] {
  if (hasNoShell(seen)) return [lookByTalos(seen, node), mendSources(seen, node)];
  return [lookOn(node), setOn(node, direction)];
}

/** Which service keeps the time, and how far it is. */
export function lookAtClock(seen: Seen, node: string): Fix {
  return hasNoShell(seen) ? lookByTalos(seen, node) : lookOn(node);
}

/** One line for either service: Debian and Ubuntu come with systemd-timesyncd, others with chrony. */
function byService(timesyncd: string, chrony: string): string {
  return `if systemctl is-active -q systemd-timesyncd; then ${timesyncd}; else ${chrony}; fi`;
}

const progress = byService('timedatectl timesync-status --no-pager', 'chronyc -n sources; chronyc -n tracking');

function lookOn(node: string): Fix {
  return {
    do: say('See who keeps the time on {node}', { node }),
    where: node,
    run: ['timedatectl', 'systemctl is-active chronyd chrony systemd-timesyncd ntpd', progress],
    risk: 'none',
    needs: [],
    verify: [],
  };
}

/** systemd-timesyncd steps at its first answer after a start; chrony steps when told to, by what it has measured until then. */
function setOn(node: string, direction: 'ahead' | 'behind' | 'unclear'): Fix {
  return {
    do:
      direction === 'ahead'
        ? say('Set the clock of {node} back by its time service', { node })
        : say('Let the time service of {node} set its clock', { node }),
    where: node,
    run: [byService('systemctl restart systemd-timesyncd', 'chronyc burst 4/4 && sleep 15 && chronyc makestep')],
    risk: 'medium',
    needs: [
      { text: 'its time sources agree with each other', met: 'unknown' },
      { text: 'systemd-timesyncd or chrony is active there', met: 'unknown' },
    ],
    verify: [`${progress}   # off by less than 0.1 s`],
  };
}

function lookByTalos(seen: Seen, node: string): Fix {
  return {
    do: say('See who keeps the time on {node}', { node }),
    where: 'here',
    run: [talosctl(seen, node, 'time'), talosctl(seen, node, 'get timestatus'), talosctl(seen, node, 'get timeservers')],
    risk: 'none',
    needs: [],
    verify: [],
  };
}

function mendSources(seen: Seen, node: string): Fix {
  return {
    do: say('Let {node} reach time servers that agree, by its machine configuration: it then sets its clock itself', { node }),
    where: 'here',
    run: [],
    risk: 'medium',
    needs: [{ text: 'its time sources agree with each other', met: 'unknown' }],
    verify: [`${talosctl(seen, node, 'time')}   # off by less than 0.1 s`],
  };
}
