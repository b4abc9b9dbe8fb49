// Which objects that the control plane itself lives by does a webhook cover?
import type { LabelRequirement, WebhookSeen } from '../../model/admission.ts';

interface Vital {
  readonly name: string;
  /** Where the resource is not called by that name. */
  readonly resource?: string;
  readonly group: string;
  /** The namespace it stands in; nodes stand in none, so no selector of namespaces leaves them out. */
  readonly namespace?: string;
}

/** What stands still when it cannot be changed: leases, those of nodes, pods of the control plane, nodes. */
const vital: readonly Vital[] = [
  { name: 'leases', group: 'coordination.k8s.io', namespace: 'kube-system' },
  { name: 'node leases', resource: 'leases', group: 'coordination.k8s.io', namespace: 'kube-node-lease' },
  { name: 'pods', group: '', namespace: 'kube-system' },
  { name: 'nodes', group: '' },
];

/** Operations by which these are kept alive. */
const changing = ['*', 'CREATE', 'UPDATE'];

/** Their names; empty where it covers none of them, or leaves their namespaces out. */
export function controlPlaneScope({ rules, namespaces }: WebhookSeen): readonly string[] {
  const covered = vital.filter(
    ({ name, resource: wanted = name, group, namespace }) =>
      (namespace === undefined || mayMatch(namespaces, namespace)) &&
      rules.some(
        (rule) =>
          (rule.groups.includes('*') || rule.groups.includes(group)) &&
          rule.resources.some((resource) => resource === '*' || resource === '*/*' || resource === wanted || resource === `${wanted}/*`) &&
          rule.operations.some((operation) => changing.includes(operation)),
      ),
  );
  return covered.map(({ name }) => name);
}

/**
 * Every namespace carries its own name as a label. Other labels of kube-system were not looked at: a requirement on them
 * leaves it out where it asks for something that kube-system surely does not have by itself.
 */
function mayMatch(requirements: readonly LabelRequirement[], namespace: string): boolean {
  return requirements.every(({ key, operator, values }) => {
    const own = key === 'kubernetes.io/metadata.name' ? namespace : undefined;
    if (operator === 'In') return own !== undefined && values.includes(own);
    if (operator === 'NotIn') return own === undefined || !values.includes(own);
    return operator === 'Exists' ? own !== undefined : own === undefined;
  });
}
