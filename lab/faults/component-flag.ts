// Fault: one component on one master runs with a flag that the others do not have, or that keeps it from starting.
import { defineFault } from '../fault.ts';
import { asComponent, breakStaticPod, editStaticPods, undoEdits } from '../static-pods.ts';

export default defineFault({
  name: 'component-flag',
  breaks: 'the command line of one component on one master: a flag is set there only',
  place: 'master',
  parameters: {
    component: { means: 'kube-apiserver, kube-controller-manager, kube-scheduler or etcd', default: 'kube-apiserver' },
    flag: { means: 'as on the command line', default: '--service-account-issuer=https://another.example.org' },
    starts: { means: 'yes: it runs with that; no: it ends at each start', default: 'yes' },
  },
  inject: async (lab, target, { component, flag, starts }) => {
    if (!/^--[a-z0-9-]+=/.test(flag)) throw new Error(`flag is --name=value, not '${flag}'`);
    const name = flag.slice(0, flag.indexOf('=') + 1);
    const edit = (container: { command: string[] }) => {
      container.command = [...container.command.filter((word) => !word.startsWith(name)), flag];
    };
    if (starts === 'no') await breakStaticPod(lab, target.name, asComponent(component), edit);
    else await editStaticPods(lab, target.name, [asComponent(component)], edit);
  },
  heal: (lab, target, { component }) => undoEdits(lab, target.name, [asComponent(component)]),
  settles: { seconds: 60, what: 'the mirror pod shows the new command line' },
});
