// Fault: a webhook that must be asked before anything changes, and that nobody answers.
import { defineFault } from '../fault.ts';
import { asObjects } from '../manifests.ts';

const manifests = `apiVersion: v1
kind: Service
metadata: {name: policy-guard, namespace: default}
spec: {selector: {app: policy-guard}, ports: [{port: 443, targetPort: 9443}]}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: policy-guard}
webhooks:
- name: guard.policy.example.org
  admissionReviewVersions: [v1]
  sideEffects: None
  failurePolicy: Fail
  timeoutSeconds: 5
  clientConfig: {service: {namespace: default, name: policy-guard, path: /validate}}
  rules:
  - {apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [pods, nodes]}
  - {apiGroups: [coordination.k8s.io], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [leases]}
`;

export default defineFault({
  name: 'webhook-without-backend',
  breaks: 'changes of pods, nodes and leases: a webhook with the policy Fail has no endpoints',
  place: 'cluster',
  parameters: {},
  ...asObjects(manifests),
  settles: { seconds: 60, what: 'leases that nobody can renew have run out, nodes are Unknown' },
});
