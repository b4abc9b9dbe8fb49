// Which addresses did the user name, or did an earlier run see?
import * as z from 'zod';
import type { TopologyHints } from '../../model/operator.ts';
import { defineProbe } from '../probe.ts';
import { line } from '../shared/json.ts';
import { parseRaw } from '../shared/raw.ts';

const hint = z.object({
  address: line,
  node: line.exactOptional(),
  member: line.exactOptional(),
  from: z.enum(['flag', 'environment', 'remembered', 'certificate', 'manifest']),
});
const platforms = ['kubeadm', 'k3s', 'rke2', 'talos', 'openshift', 'kind', 'managed', 'other', 'unknown'] as const;
const hints = z.object({
  masters: z.array(hint),
  members: z.array(hint),
  platform: z.object({ kind: z.enum(platforms), detail: line }).exactOptional(),
  etcd: z.enum(['stacked', 'external']).exactOptional(),
});

export default defineProbe({
  id: 'operator.hints',
  title: 'addresses known beforehand',
  why: 'When nothing answers, these are all there is to ask.',
  reads: [],
  after: [],
  timeoutMs: 1000,
  gather: (_subject, { given }) =>
    Promise.resolve({ raw: JSON.stringify(given['operator.hints'] ?? { masters: [], members: [] }), source: 'flags and earlier runs' }),
  read: (raw): TopologyHints => parseRaw(raw, hints),
});
