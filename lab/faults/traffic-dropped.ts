// Fault: a network loses some of the packets to one machine: from somebody, to some port, one way, the large ones, or at random.
import { findLeader } from '../etcd.ts';
import { defineFault } from '../fault.ts';
import { allowTraffic, dropTraffic } from '../firewall.ts';
import type { LabHandle } from '../handle.ts';
import { operatorAddress } from '../topology.ts';

const name = 'traffic-dropped';

export default defineFault({
  name,
  breaks: 'packets to one machine: from some machines, to some ports, one way or both, only large ones, or a share of them',
  place: 'machine',
  parameters: {
    from: { means: 'any, or names such as m1,lb,operator or leader (of etcd)', default: 'any' },
    ports: { means: 'any, or TCP ports of the target such as 2380,6443', default: 'any' },
    ways: { means: 'in: packets to the target; both: its answers as well', default: 'in' },
    above: { means: 'only packets of more bytes than this', default: '0' },
    percent: { means: 'the share of them that is lost', default: '100' },
  },
  inject: async (lab, target, { from, ports, ways, above, percent }) => {
    for (const [word, value] of Object.entries({ above, percent }))
      if (!/^\d{1,5}$/.test(value)) throw new Error(`${word} is a whole number, not '${value}'`);
    if (ways !== 'in' && ways !== 'both') throw new Error(`ways is in or both, not '${ways}'`);
    if (!/^(any|\d+(,\d+)*)$/.test(ports)) throw new Error(`ports is any or a list of numbers, not '${ports}'`);
    const others = from === 'any' ? [] : await Promise.all(from.split(',').map((one) => addressOf(lab, one)));
    const which = [
      ...(above === '0' ? [] : [`meta length > ${above}`]),
      ...(percent === '100' ? [] : [`numgen random mod 100 < ${percent}`]),
    ].join(' ');
    const match = (card: string, peer: string, port: string) =>
      [`${card} "eth0"`, others.length > 0 && `ip ${peer} { ${others.join(', ')} }`, ports !== 'any' && `tcp ${port} { ${ports} }`, which]
        .filter(Boolean)
        .join(' ');
    await dropTraffic(lab, target.name, name, {
      incoming: [match('iifname', 'saddr', 'dport')],
      outgoing: ways === 'both' ? [match('oifname', 'daddr', 'sport')] : [],
    });
  },
  heal: (lab, target) => allowTraffic(lab, target.name, name),
  settles: { seconds: 110, what: 'whatever liveness probes make of it' },
});

async function addressOf(lab: LabHandle, name: string): Promise<string> {
  if (name === 'operator') return operatorAddress;
  return name === 'leader' ? (await findLeader(lab)).address : lab.node(name).address;
}
