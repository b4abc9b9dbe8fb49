// Who became a leader in kube-system within the last hour?
import * as z from 'zod';
import type { LeadTaken } from '../../model/kubernetes.ts';
import { defineProbe } from '../probe.ts';
import { moment, optionalLine } from '../shared/json.ts';
import { gatherList, readClock, readList, without } from '../shared/kubernetes.ts';

const event = z.object({
  metadata: z.object({ creationTimestamp: moment }),
  involvedObject: z.object({ kind: optionalLine, namespace: optionalLine, name: optionalLine }),
  message: optionalLine,
});

/** What client-go tools/leaderelection writes into it. */
const became = / became leader$/;

export default defineProbe({
  id: 'kube.leads-taken',
  title: 'who took the lead lately',
  why: 'A lead that moves every few minutes is seen in a single look only by what was written down about it.',
  reads: [{ verb: 'list', group: '', resource: 'events', namespace: 'kube-system' }],
  after: [],
  timeoutMs: 9000,
  gather: (_subject, around) =>
    gatherList(
      '/api/v1/namespaces/kube-system/events?fieldSelector=reason%3DLeaderElection',
      'the events about leaders',
      around,
      without('managedFields', 'source', 'reportingInstance'),
    ),
  read: (raw) => ({ taken: readList(raw, event, 'an Event').flatMap(takenBy), ...readClock(raw) }),
});

function takenBy({ metadata, involvedObject, message }: z.output<typeof event>): LeadTaken | [] {
  const at = metadata.creationTimestamp;
  if (involvedObject.kind !== 'Lease' || at === undefined || !became.test(message)) return [];
  return { namespace: involvedObject.namespace, lease: involvedObject.name, holder: message.replace(became, ''), at };
}
