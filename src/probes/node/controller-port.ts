// Which certificate does the controller manager on one machine show, where it listens to others at all?
import { defineProbe } from '../probe.ts';
import { gatherOneKnock, readKnock } from '../shared/knock.ts';

export default defineProbe({
  id: 'node.controller-port',
  title: 'the controller manager’s port',
  why: 'Where monitoring reads its metrics from outside, its certificate counts.',
  reads: [],
  after: [],
  timeoutMs: 4000,
  gather: (subject, around) => gatherOneKnock(subject, 10257, around),
  read: readKnock,
});
