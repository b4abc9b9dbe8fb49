// Which nodes does the API list, and what do they say about themselves?
import { z } from 'zod';
import type { NodeSeen } from '../../model/kubernetes.ts';
import { defineProbe } from '../probe.ts';
import { line, lineMap, listOf, moment, optionalLine } from '../shared/json.ts';
import { gatherList, readClock, readList } from '../shared/kubernetes.ts';

const node = z.object({
  metadata: z.object({ name: line, labels: lineMap }),
  spec: z.object({ unschedulable: z.boolean().nullish(), providerID: optionalLine }).prefault({}),
  status: z
    .object({
      addresses: listOf(z.object({ type: z.string(), address: line })),
      conditions: listOf(
        z.object({ type: line, status: z.string(), reason: optionalLine, message: optionalLine, lastTransitionTime: moment }),
      ),
      nodeInfo: z.object({ osImage: optionalLine, kubeletVersion: optionalLine }).prefault({}),
    })
    .prefault({}),
});

export default defineProbe({
  id: 'kube.nodes',
  title: 'the list of nodes',
  why: 'Names the masters, and which of all nodes are Ready.',
  reads: [{ verb: 'list', group: '', resource: 'nodes' }],
  after: [],
  timeoutMs: 9000,
  gather: (_subject, around) => gatherList('/api/v1/nodes', 'the list of nodes', around),
  read: (raw) => ({ nodes: readList(raw, node, 'a node').map(reduce), ...readClock(raw) }),
});

function reduce({ metadata, spec, status }: z.output<typeof node>): NodeSeen {
  const ready = status.conditions.find((condition) => condition.type === 'Ready');
  const since = ready?.lastTransitionTime;
  const listed = (wanted: RegExp): string[] => status.addresses.filter(({ type }) => wanted.test(type)).map(({ address }) => address);
  return {
    name: metadata.name,
    internalAddresses: listed(/^InternalIP$/),
    externalAddresses: listed(/^ExternalIP$/),
    hostNames: listed(/^(Hostname|InternalDNS|ExternalDNS)$/),
    controlPlane: ['control-plane', 'master'].some((role) => `node-role.kubernetes.io/${role}` in metadata.labels),
    ready: readyOf(ready?.status),
    readyReason: ready?.reason ?? '',
    pressures: status.conditions.filter((one) => one.type.endsWith('Pressure') && one.status === 'True').map((one) => one.type),
    readyMessage: ready?.message ?? '',
    ...(since === undefined ? {} : { readySince: since }),
    cordoned: spec.unschedulable === true,
    providerId: spec.providerID,
    osImage: status.nodeInfo.osImage,
    kubeletVersion: status.nodeInfo.kubeletVersion,
    labels: metadata.labels,
  };
}

/** A status the API does not define is as good as none. */
function readyOf(status: string | undefined): NodeSeen['ready'] {
  if (status === undefined) return 'absent';
  return status === 'True' || status === 'False' ? status : 'Unknown';
}
