// Fault: in HAProxy's place stands a balancer as clouds have them, which passes packets on; a master never gets its own back.
import { defineFault } from '../fault.ts';
import { allowTraffic, dropTraffic, useRules } from '../firewall.ts';
import { startService, stopService } from '../services.ts';
import { apiServerPort, loadBalancerPort } from '../topology.ts';

const name = 'lb-passes-packets';
const translation = 'lab_lb_translation';

/** Which master a connection is sent to follows from its own addresses, so that a packet sent again goes the same way. */
function translate(masters: readonly string[]): string {
  const turns = masters.map((address, index) => `${index} : ${address}`).join(', ');
  return [
    `table ip ${translation}`,
    `delete table ip ${translation}`,
    `table ip ${translation} {`,
    '  chain arriving {',
    '    type nat hook prerouting priority dstnat;',
    `    tcp dport ${loadBalancerPort} dnat to jhash ip saddr . tcp sport mod ${masters.length} map { ${turns} } : ${apiServerPort}`,
    '  }',
    '  chain leaving {',
    '    type nat hook postrouting priority srcnat;',
    `    tcp dport ${apiServerPort} masquerade`,
    '  }',
    '}',
    '',
  ].join('\n');
}

export default defineFault({
  name,
  breaks: 'for a master the way to itself through the load balancer, which rewrites addresses instead of answering for others',
  place: 'lb',
  parameters: {},
  inject: async (lab, target) => {
    const masters = lab.masters.map(({ address }) => address);
    await stopService(lab, target.name, 'haproxy');
    const forwarding = await lab.nodeExec(target.name, ['bash', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']);
    if (forwarding.code !== 0) throw new Error(`forwarding on ${target.name}: ${forwarding.stderr.trim()}`);
    const back = masters.map((address) => `ip saddr ${address} ip daddr ${address}`);
    await dropTraffic(lab, target.name, name, { incoming: [], outgoing: [], passing: back });
    await useRules(lab, target.name, translate(masters));
  },
  heal: async (lab, target) => {
    await useRules(lab, target.name, `table ip ${translation}\ndelete table ip ${translation}\n`);
    await allowTraffic(lab, target.name, name);
    await startService(lab, target.name, 'haproxy');
  },
  settles: { seconds: 10, what: 'clients have connected anew' },
});
