// May this credential forward a port to a pod of kube-system?
import { z } from 'zod';
import { defineProbe } from '../probe.ts';
import { gap } from '../shared/gaps.ts';
import { optionalLine } from '../shared/json.ts';
import { gatherObject, readObject } from '../shared/kubernetes.ts';

const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
const what = 'the review of our own access';
const question = {
  apiVersion: 'authorization.k8s.io/v1',
  kind: 'SelfSubjectAccessReview',
  spec: { resourceAttributes: { namespace: 'kube-system', verb: 'create', resource: 'pods', subresource: 'portforward' } },
};
const review = z.object({ status: z.object({ allowed: z.boolean(), reason: optionalLine }) });

export default defineProbe({
  id: 'kube.may-port-forward',
  title: 'permission to forward a port',
  why: 'Without an etcd certificate, etcd’s metrics listener can be read through a port-forward, if the credential may.',
  reads: [{ verb: 'create', group: 'authorization.k8s.io', resource: 'selfsubjectaccessreviews' }],
  after: [],
  timeoutMs: 9000,
  gather: (_subject, around) => {
    if (around.settings.portForward === 'forbidden') {
      return Promise.reject(gap('not-collected', 'port-forwards are switched off', 'run it without --no-port-forward'));
    }
    return gatherObject(path, what, around, JSON.stringify(question));
  },
  read: (raw) => readObject(raw, review, what).status,
});
