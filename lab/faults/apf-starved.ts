// Fault: priority and fairness leave the controllers hardly a seat.
import { defineFault } from '../fault.ts';
import { apiServerPort } from '../topology.ts';

const manifests = `apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: PriorityLevelConfiguration
metadata: {name: starved}
spec:
  type: Limited
  limited: {nominalConcurrencyShares: 0, lendablePercent: 0, borrowingLimitPercent: 0, limitResponse: {type: Reject}}
---
apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: FlowSchema
metadata: {name: starved-controllers}
spec:
  matchingPrecedence: 2
  priorityLevelConfiguration: {name: starved}
  distinguisherMethod: {type: ByUser}
  rules:
  - subjects:
    - {kind: User, user: {name: system:kube-controller-manager}}
    - {kind: User, user: {name: system:kube-scheduler}}
    resourceRules: [{verbs: ["*"], apiGroups: ["*"], resources: ["*"], namespaces: ["*"], clusterScope: true}]
`;

const pidFile = '/run/lab/apf-starved.pid';

/** A level without seats still admits one request at a time: only who asks for several at once, as busy controllers do, is turned away. */
const askAtOnce = (address: string): string => `cd /run/lab
sed -n 's/.*client-certificate-data: //p' /etc/kubernetes/scheduler.conf | base64 -d >apf.crt
(umask 077; sed -n 's/.*client-key-data: //p' /etc/kubernetes/scheduler.conf | base64 -d >apf.key)
while :; do
  for one in 1 2 3 4 5 6; do
    curl -sk -o /dev/null --max-time 5 --cert apf.crt --key apf.key https://${address}:${apiServerPort}/api/v1/pods &
  done
  wait; sleep 1
done`;

export default defineFault({
  name: 'apf-starved',
  breaks: 'requests of controller manager and scheduler: their priority level has no seats, and the first master’s scheduler is busy',
  place: 'cluster',
  parameters: {},
  inject: async (lab) => {
    await lab.kubectl(['apply', '-f', '-'], { input: manifests });
    const [busy] = lab.masters;
    if (busy === undefined) throw new Error('there is no master');
    const line = `setsid bash -c "$0" </dev/null >/dev/null 2>&1 & echo $! >${pidFile}`;
    await lab.nodeExec(busy.name, ['bash', '-c', line, askAtOnce(busy.address)]);
  },
  heal: async (lab) => {
    const end = `pid=$(cat ${pidFile} 2>/dev/null); [ "$(cat /proc/$pid/comm 2>/dev/null)" != bash ] || kill -- -$pid; rm -f ${pidFile} /run/lab/apf.*`;
    for (const { name } of lab.masters) await lab.nodeExec(name, ['bash', '-c', end]);
    await lab.kubectl(['delete', '--ignore-not-found', '-f', '-'], { input: manifests });
  },
  settles: { seconds: 20, what: 'requests have been turned away' },
});
