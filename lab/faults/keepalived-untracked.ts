// Fault: no load balancer looks whether its own proxy lives.
import { defineFault } from '../fault.ts';
import { keepalivedConfig, keepalivedConfigFile } from '../keepalived.ts';
import type { LabHandle } from '../handle.ts';
import { reloadKeepalived } from '../services.ts';
import { writeOnNode } from '../node-files.ts';

export default defineFault({
  name: 'keepalived-untracked',
  breaks: 'keepalived.conf of every load balancer: its script is gone, so that a dead proxy keeps the address',
  place: 'cluster',
  parameters: {},
  inject: (lab) => configure(lab, 'untracked'),
  heal: (lab) => configure(lab, 'tracked'),
  settles: { seconds: 5, what: 'the address is back where it was' },
});

async function configure(lab: LabHandle, tracked: 'tracked' | 'untracked'): Promise<void> {
  for (const node of lab.nodes.filter((one) => one.role === 'lb')) {
    await writeOnNode(lab, node.name, keepalivedConfigFile, keepalivedConfig(lab.plan, node, tracked));
    await reloadKeepalived(lab, node.name);
  }
}
