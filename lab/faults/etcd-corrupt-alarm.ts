// Fault: etcd was told that one member's data are corrupt, and refuses everything.
import { defineFault } from '../fault.ts';
import { listMembers } from '../etcd.ts';
import { etcdClientUrl } from '../handle.ts';
import { waitUntil } from '../processes.ts';

export default defineFault({
  name: 'etcd-corrupt-alarm',
  breaks: "etcd's trust in its data: the alarm CORRUPT is raised for one member, as its own check raises it",
  place: 'etcd',
  parameters: {},
  inject: async (lab, target) => {
    const member = (await listMembers(lab)).find((one) => one.peerUrl === `https://${target.address}:2380`);
    if (member === undefined) throw new Error(`no member has the address ${target.address}`);
    const body = JSON.stringify({ action: 'ACTIVATE', memberID: String(BigInt(`0x${member.id}`)), alarm: 'CORRUPT' });
    const { etcdCa, etcdCertificate, etcdKey } = lab.paths;
    const files = ['--cacert', etcdCa, '--cert', etcdCertificate, '--key', etcdKey];
    const argv = ['curl', '-fsS', '-m', '5', ...files, '-d', body, `${etcdClientUrl(target)}/v3/maintenance/alarm`];
    const outcome = await lab.operatorExec(argv);
    if (outcome.code !== 0) throw new Error(outcome.stderr.trim());
  },
  heal: async (lab) => {
    const gone = await waitUntil(
      () =>
        lab.etcdctl(['alarm', 'disarm']).then(
          (text) => text.trim() === '' || !text.includes('CORRUPT'),
          () => false,
        ),
      30_000,
      1000,
    );
    if (!gone) throw new Error('the alarm does not go away');
  },
  settles: { seconds: 110, what: 'the API servers were restarted by their liveness probes and do not serve' },
});
