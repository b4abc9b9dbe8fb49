// How was the cluster set up by kubeadm, if it was?
import { parse } from 'yaml';
import * as z from 'zod';
import type { KubeadmConfig } from '../../model/kubernetes.ts';
import { defineProbe } from '../probe.ts';
import { checkShape, line, listOf, optionalLine } from '../shared/json.ts';
import { gatherObject, readObject } from '../shared/kubernetes.ts';
import { cleanLine } from '../shared/text.ts';

const what = 'the ConfigMap kubeadm-config';
const configMap = z.object({ data: z.object({ ClusterConfiguration: z.string().max(1_000_000) }) });
const configuration = z.object({
  kubernetesVersion: optionalLine,
  controlPlaneEndpoint: optionalLine,
  clusterName: optionalLine,
  networking: z.object({ serviceSubnet: optionalLine, dnsDomain: optionalLine }).prefault({}),
  etcd: z.object({ external: z.object({ endpoints: listOf(line) }).exactOptional() }).prefault({}),
});

export default defineProbe({
  id: 'kube.kubeadm-config',
  title: 'kubeadm’s own configuration',
  why: 'Says where the control plane is meant to be reached and whether etcd runs elsewhere.',
  reads: [{ verb: 'get', group: '', resource: 'configmaps', namespace: 'kube-system' }],
  after: [],
  timeoutMs: 9000,
  gather: (_subject, around) => gatherObject('/api/v1/namespaces/kube-system/configmaps/kubeadm-config', what, around),
  read: (raw): KubeadmConfig => {
    const text = readObject(raw, configMap, what).data.ClusterConfiguration;
    const { etcd, networking, ...rest } = checkShape(configuration, parseYaml(text), what);
    return { ...rest, ...networking, externalEtcd: etcd.external?.endpoints ?? [] };
  },
});

function parseYaml(text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new Error(`${what} holds no YAML: ${cleanLine(error instanceof Error ? error.message : '', 120)}`);
  }
}
