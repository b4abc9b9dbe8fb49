// Fault: API servers are told to answer nobody without a login, health probes included.
import { defineFault } from '../fault.ts';
import { editStaticPods, undoEdits } from '../static-pods.ts';

export default defineFault({
  name: 'anonymous-auth-off',
  breaks: 'health probes of all API servers: --anonymous-auth=false, as some hardening guides ask for',
  place: 'cluster',
  parameters: {},
  inject: async (lab) => {
    for (const node of lab.masters) {
      await editStaticPods(lab, node.name, ['kube-apiserver'], (container) => {
        container.command = [...container.command.filter((word) => !word.startsWith('--anonymous-auth=')), '--anonymous-auth=false'];
      });
    }
  },
  heal: async (lab) => {
    for (const node of lab.masters) await undoEdits(lab, node.name, ['kube-apiserver']);
  },
  settles: { seconds: 180, what: 'kubelets restart API servers whose liveness probe is answered 401' },
});
