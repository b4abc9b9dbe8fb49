// Who leads by the leases that the user named?
import * as z from 'zod';
import { defineProbe } from '../probe.ts';
import { gap } from '../shared/gaps.ts';
import { line } from '../shared/json.ts';
import { askIfThere } from '../shared/kubernetes.ts';
import { readOneLease } from '../shared/leases.ts';
import { parseRaw, rawTry } from '../shared/raw.ts';

const recorded = z.object({ asked: z.array(z.object({ namespace: line, name: line, try: rawTry })).min(1) });

export default defineProbe({
  id: 'kube.named-leases',
  title: 'leases that were named',
  why: 'Operators and controllers outside of kube-system elect leaders too.',
  reads: [{ verb: 'get', group: 'coordination.k8s.io', resource: 'leases', onlyWith: '--lease' }],
  after: [],
  again: 'more',
  timeoutMs: 9000,
  gather: async (_subject, around) => {
    const named = around.settings.leases ?? [];
    if (named.length === 0) throw gap('not-collected', 'no other lease was named', '--lease <namespace/name>');
    const asked = await Promise.all(
      named.map(async ({ namespace, name }) => {
        const path = `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/leases/${encodeURIComponent(name)}`;
        return { namespace, name, try: await askIfThere(path, `the lease ${namespace}/${name}`, around) };
      }),
    );
    return { raw: JSON.stringify({ asked }), source: 'through the API' };
  },
  read: (raw) => {
    const { asked } = parseRaw(raw, recorded);
    const there = asked.filter((one) => one.try.answer?.status === 200).map((one) => readOneLease(JSON.stringify({ tries: [one.try] })));
    // The earliest question bounds what was known when; all are asked at once.
    const clock = there.find((one) => one.clock !== undefined)?.clock;
    return {
      leases: there.map((one) => one.lease),
      absent: asked.filter((one) => one.try.answer?.status === 404).map(({ namespace, name }) => `${namespace}/${name}`),
      ...(clock !== undefined && { clock }),
    };
  },
});
