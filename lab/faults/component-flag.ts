// Fault: one master's component runs with a flag that the others do not have.
import { defineFault } from '../fault.ts';
import { type Component, editStaticPods, undoEdits } from '../static-pods.ts';

const components: readonly Component[] = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];

function componentNamed(name: string): Component {
  const found = components.find((one) => one === name);
  if (found === undefined) throw new Error(`component is one of ${components.join(', ')}, not '${name}'`);
  return found;
}

export default defineFault({
  name: 'component-flag',
  breaks: 'the command line of one component on one master: a flag is set there only',
  place: 'master',
  parameters: {
    component: { means: components.join(', '), default: 'kube-apiserver' },
    flag: { means: 'as on the command line', default: '--service-account-issuer=https://another.example.org' },
  },
  inject: async (lab, target, { component, flag }) => {
    if (!/^--[a-z-]+=/.test(flag)) throw new Error(`flag is --name=value, not '${flag}'`);
    const name = flag.slice(0, flag.indexOf('=') + 1);
    await editStaticPods(lab, target.name, [componentNamed(component)], (container) => {
      container.command = [...container.command.filter((word) => !word.startsWith(name)), flag];
    });
  },
  heal: (lab, target, { component }) => undoEdits(lab, target.name, [componentNamed(component)]),
  settles: { seconds: 60, what: 'the mirror pod shows the new command line' },
});
