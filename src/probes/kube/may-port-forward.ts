// May this credential forward a port to a pod of kube-system?
import * as z from 'zod';
import { defineProbe } from '../probe.ts';
import { gap } from '../shared/gaps.ts';
import { optionalLine } from '../shared/json.ts';
import { gatherObject, readObject } from '../shared/kubernetes.ts';
import { parseRaw } from '../shared/raw.ts';

const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
const what = 'the review of our own access';
/** A forward over WebSocket is authorised as `get`; releases from 1.35 on ask for `create` as well. */
const verbs = ['get', 'create'] as const;
const questionFor = (verb: (typeof verbs)[number]): string =>
  JSON.stringify({
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes: { namespace: 'kube-system', verb, resource: 'pods', subresource: 'portforward' } },
  });
const answers = z.object({ reviews: z.array(z.string()).length(verbs.length) });
const review = z.object({ status: z.object({ allowed: z.boolean(), reason: optionalLine }) });

export default defineProbe({
  id: 'kube.may-port-forward',
  title: 'permission to forward a port',
  why: 'Without an etcd certificate, etcd’s metrics listener can be read through a port-forward, if the credential may.',
  reads: [{ verb: 'create', group: 'authorization.k8s.io', resource: 'selfsubjectaccessreviews' }],
  after: [],
  timeoutMs: 9000,
  gather: async (_subject, around) => {
    if (around.settings.portForward === 'forbidden') {
      throw gap('not-collected', 'port-forwards are switched off', 'run it without --no-port-forward');
    }
    const asked = await Promise.all(verbs.map((verb) => gatherObject(path, what, around, questionFor(verb))));
    return { raw: JSON.stringify({ reviews: asked.map((one) => one.raw) }), source: asked[0]?.source ?? '' };
  },
  read: (raw) => {
    const reviews = parseRaw(raw, answers).reviews.map((one) => readObject(one, review, what).status);
    return reviews.find((one) => one.allowed) ?? reviews[0] ?? { allowed: false, reason: '' };
  },
});
