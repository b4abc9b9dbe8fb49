// Which Kubernetes version does the API say it is?
import * as z from 'zod';
import { defineProbe } from '../probe.ts';
import { line } from '../shared/json.ts';
import { gatherObject, readObject } from '../shared/kubernetes.ts';

export default defineProbe({
  id: 'api.version',
  title: 'the version of the API server',
  why: 'Names distributions and decides which commands fit.',
  reads: [{ verb: 'get', group: '', resource: '/version' }],
  after: [],
  timeoutMs: 9000,
  gather: (_subject, around) => gatherObject('/version', 'the version', around),
  read: (raw) => readObject(raw, z.object({ gitVersion: line }), 'the version'),
});
