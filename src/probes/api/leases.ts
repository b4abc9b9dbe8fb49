// Which leases of kube-system does one API server show, asked at its own address?
import { joinAddress } from '../../model/address.ts';
import { subjectKey } from '../../model/subject.ts';
import { deadlines } from '../../sources/source.ts';
import { defineProbe } from '../probe.ts';
import { gap, masterOf, refusalOf } from '../shared/gaps.ts';
import { readLeases } from '../shared/leases.ts';

const path = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases?limit=500';

export default defineProbe({
  id: 'api.leases',
  title: 'leases of kube-system as one API server shows them',
  why: 'API servers that show different leases keep their data in different places, so that each place has a leader of its own.',
  reads: [{ verb: 'list', group: 'coordination.k8s.io', resource: 'leases', namespace: 'kube-system' }],
  after: [],
  timeoutMs: 9000,
  gather: async (subject, { source, topology, signal }) => {
    const { host, port } = masterOf(subject, topology);
    const one = await source.request({ scheme: 'https', host, port, path, identity: 'operator', deadlines: deadlines.usual, signal });
    const what = `the leases that API server ${subject.name} shows`;
    const howToGet = `kubectl --server https://${joinAddress(host, port)} -n kube-system get leases`;
    if (one.answer === undefined) throw gap('failed', `${what}: ${one.failure?.detail ?? 'no answer'}`, howToGet, subjectKey(subject));
    if (one.answer.status !== 200) throw refusalOf(one, what, topology, howToGet);
    return { raw: JSON.stringify({ tries: [one] }), source: 'direct' };
  },
  read: readLeases,
});
