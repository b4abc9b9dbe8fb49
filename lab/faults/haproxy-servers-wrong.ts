// Fault: the load balancer's list of API servers is wrong after an edit.
import { defineFault } from '../fault.ts';
import { haproxyConfig } from '../haproxy.ts';
import { useHaproxyConfig } from '../services.ts';

export default defineFault({
  name: 'haproxy-servers-wrong',
  breaks: "HAProxy's backend: one API server with a wrong port, one not listed at all; all three are well",
  place: 'lb',
  parameters: {
    port: { means: 'the machine whose server has port 6444, or none', default: 'm3' },
    missing: { means: 'the machine that is not listed, or none', default: 'm2' },
  },
  inject: async (lab, target, { port, missing }) => {
    const listed = lab.masters.filter((master) => master.name !== missing);
    const moved = lab.masters.find((master) => master.name === port);
    const config = haproxyConfig(listed);
    await useHaproxyConfig(
      lab,
      target.name,
      moved === undefined ? config : config.replace(`${moved.address}:6443`, `${moved.address}:6444`),
    );
  },
  heal: (lab, target) => useHaproxyConfig(lab, target.name, haproxyConfig(lab.masters)),
  leavesNoTrace: true,
  settles: { seconds: 8, what: 'the check of the wrong port has failed three times' },
});
