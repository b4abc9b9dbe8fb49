// How would the same cluster show itself, had another maker built it?
import type { Evidence, EvidenceId, EvidenceItem, EvidenceTypes } from '../../src/model/evidence.ts';
import type { Platform } from '../../src/model/topology.ts';

type Change = { readonly [Id in EvidenceId]?: (value: EvidenceTypes[Id]) => EvidenceTypes[Id] };

/** The same evidence with other values, and without what `gone` names. */
export function changed(evidence: Evidence, gone: readonly EvidenceId[], change: Change): Evidence {
  const items = evidence.items.flatMap((item): readonly EvidenceItem[] => {
    if (gone.includes(item.id)) return [];
    const act = change[item.id] as ((value: unknown) => unknown) | undefined;
    return item.state === 'known' && act !== undefined ? [{ ...item, value: act(item.value) } as EvidenceItem] : [item];
  });
  return { ...evidence, items };
}

/** As another maker's cluster would show itself. */
export function madeBy(evidence: Evidence, version: string, osImage: string): Evidence {
  return changed(evidence, ['kube.kubeadm-config'], {
    'kube.nodes': (value) => ({ ...value, nodes: value.nodes.map((node) => ({ ...node, kubeletVersion: version, osImage })) }),
    'api.version': (value) => ({ ...value, gitVersion: version }),
    'kube.control-plane-pods': (value) => ({ ...value, pods: value.pods.map((pod) => ({ ...pod, annotations: {} })) }),
  });
}

/** By the version and the system that their nodes tell. */
export const makers: readonly (readonly [Platform['kind'], string, string])[] = [
  ['k3s', 'v1.34.4+k3s1', 'Debian GNU/Linux 12 (bookworm)'],
  ['rke2', 'v1.34.4+rke2r1', 'Debian GNU/Linux 12 (bookworm)'],
  ['talos', 'v1.34.4', 'Talos (v1.11.1)'],
];
