// Fault: priority and fairness leave the controllers no seat.
import { defineFault } from '../fault.ts';

const manifests = `apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: PriorityLevelConfiguration
metadata: {name: starved}
spec:
  type: Limited
  limited: {nominalConcurrencyShares: 0, lendablePercent: 0, borrowingLimitPercent: 0, limitResponse: {type: Reject}}
---
apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: FlowSchema
metadata: {name: starved-controllers}
spec:
  matchingPrecedence: 2
  priorityLevelConfiguration: {name: starved}
  distinguisherMethod: {type: ByUser}
  rules:
  - subjects:
    - {kind: User, user: {name: system:kube-controller-manager}}
    - {kind: User, user: {name: system:kube-scheduler}}
    resourceRules: [{verbs: ["*"], apiGroups: ["*"], resources: ["*"], namespaces: ["*"], clusterScope: true}]
`;

export default defineFault({
  name: 'apf-starved',
  breaks: 'requests of controller manager and scheduler: their priority level has no seats',
  place: 'cluster',
  parameters: {},
  inject: async (lab) => {
    await lab.kubectl(['apply', '-f', '-'], { input: manifests });
  },
  heal: async (lab) => {
    await lab.kubectl(['delete', '--ignore-not-found', '-f', '-'], { input: manifests });
  },
  settles: { seconds: 60, what: 'leases that nobody can renew have run out' },
});
