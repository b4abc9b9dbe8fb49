// Fault: an API is registered that nobody serves.
import { defineFault } from '../fault.ts';
import { asObjects } from '../manifests.ts';

const manifests = `apiVersion: v1
kind: Service
metadata: {name: metrics-server, namespace: kube-system}
spec: {selector: {k8s-app: metrics-server}, ports: [{port: 443, targetPort: 4443}]}
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1beta1.metrics.k8s.io}
spec:
  group: metrics.k8s.io
  version: v1beta1
  groupPriorityMinimum: 100
  versionPriority: 100
  insecureSkipTLSVerify: true
  service: {name: metrics-server, namespace: kube-system}
`;

export default defineFault({
  name: 'api-service-orphaned',
  breaks: 'an aggregated API: v1beta1.metrics.k8s.io is registered, its Service has no endpoints',
  place: 'cluster',
  parameters: {},
  ...asObjects(manifests),
  settles: { seconds: 15, what: 'the condition Available is False' },
});
