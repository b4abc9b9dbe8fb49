// Fault: nobody without a login may read anything, health paths included.
import { defineFault } from '../fault.ts';

const binding = 'clusterrolebinding/system:public-info-viewer';
const group = { kind: 'Group', apiGroup: 'rbac.authorization.k8s.io' };
const patchTo = (names: readonly string[]): string => JSON.stringify({ subjects: names.map((name) => ({ ...group, name })) });

export default defineFault({
  name: 'strangers-forbidden',
  breaks:
    'health probes of all API servers: system:unauthenticated is taken out of system:public-info-viewer, as some hardening guides ask for',
  place: 'cluster',
  parameters: {},
  inject: async (lab) => {
    await lab.kubectl(['annotate', '--overwrite', binding, 'rbac.authorization.kubernetes.io/autoupdate=false']);
    await lab.kubectl(['patch', binding, '--type=merge', '-p', patchTo(['system:authenticated'])]);
  },
  heal: async (lab) => {
    await lab.kubectl(['patch', binding, '--type=merge', '-p', patchTo(['system:authenticated', 'system:unauthenticated'])]);
    await lab.kubectl(['annotate', '--overwrite', binding, 'rbac.authorization.kubernetes.io/autoupdate=true']);
  },
  settles: { seconds: 150, what: 'kubelets restart API servers whose liveness probe is answered 403' },
});
