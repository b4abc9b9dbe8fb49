// Fault: one etcd member lost its data and was started again without being removed and added.
import { defineFault } from '../fault.ts';
import { moveOnNode, isOnNode } from '../node-files.ts';
import { killProgram, stopService } from '../services.ts';
import { breakStaticPod, undoEdits } from '../static-pods.ts';

const member = '/var/lib/etcd/member';
const parked = '/var/lib/etcd/lab-parked';
const flag = '--initial-cluster-state=';

export default defineFault({
  name: 'etcd-data-wiped',
  breaks: "one etcd member's data: gone, and it starts as if it were new; the others refuse that",
  place: 'master',
  parameters: { state: { means: 'new or existing, as its flag says', default: 'new' } },
  inject: async (lab, target, { state }) => {
    await stopService(lab, target.name, 'kubelet');
    await killProgram(lab, target.name, 'etcd');
    await moveOnNode(lab, target.name, member, parked);
    const edit = (container: { command: string[] }) => {
      container.command = [...container.command.filter((word) => !word.startsWith(flag)), `${flag}${state}`];
    };
    await breakStaticPod(lab, target.name, 'etcd', edit);
  },
  heal: async (lab, target) => {
    await stopService(lab, target.name, 'kubelet');
    await killProgram(lab, target.name, 'etcd');
    if (await isOnNode(lab, target.name, parked)) {
      await lab.nodeExec(target.name, ['rm', '-rf', member]);
      await moveOnNode(lab, target.name, parked, member);
    }
    await undoEdits(lab, target.name, ['etcd']);
  },
  settles: { seconds: 110, what: 'the member is in its crash back-off, and so is the API server beside it' },
});
