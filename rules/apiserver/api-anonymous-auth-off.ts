// Do health checks without a login still get an answer from this API server?
import { editSettings } from '../../src/judge/plans/change-settings.ts';
import { homeOf } from '../../src/judge/readings/component-home.ts';
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import { endUnheard, masterOf, mastersOf, readApiServer } from '../../src/judge/readings/api-server.ts';
import { backendFor } from '../../src/judge/readings/backend.ts';
import { checkMet } from '../../src/judge/readings/balancer-check.ts';
import { podOn } from '../../src/judge/readings/pod.ts';
import type { Fix, Seen } from '../../src/model/rule.ts';
import { say, type Sentence } from '../../src/model/sentence.ts';
import type { Subject } from '../../src/model/subject.ts';

type Needs = 'lb.stats' | 'lb.envoy' | 'kube.control-plane-pods';

export default defineRule({
  id: 'api-anonymous-auth-off',
  area: 'apiserver',
  since: '0.2.0',
  severity: 'critical',
  impact: 'degraded',
  layer: 3,
  final: true,
  title: 'the API server on {node} answers {status} to health checks without a login, and {who}',
  healthy: 'health checks without a login are answered',
  why: 'Whoever asks /readyz or /livez without a login takes it for dead: load balancers leave it out, kubelets restart it.',
  shows: ['{node} {address}  /readyz without a login: {status}{flag}', 'if who: {who}'],
  folded: '/readyz without a login: {status}',
  needs: ['api.ready', 'lb.stats', 'lb.envoy', 'kube.nodes', 'kube.control-plane-pods'],
  limits: {},
  reasons: ['balancer', 'kubelet', 'nobody-seen'],
  subjects: (seen) => mastersOf(seen).map((master) => master.subject),
  judge: (seen, _limits, subject) => {
    const master = masterOf(seen, subject);
    const reading = readApiServer(seen, master);
    if (reading.kind === 'silent' || reading.kind === 'forbidden') return endUnheard(seen, master, reading);
    if (reading.kind !== 'anonymous-refused') return pass({ node: subject.name });
    const { status } = reading;
    const flag = status === 401 ? flagOn(seen, subject) : '';
    const facts = { node: subject.name, address: subject.id, status, flag };
    const check = checkBy(seen, subject, status);
    if (check === true)
      return fail({ ...facts, who: say('the load balancer takes it for dead') }, { reason: 'balancer', witness: 'agreed' });
    if (kubeletAsks(seen, subject))
      return fail({ ...facts, who: say('its kubelet restarts it for that') }, { reason: 'kubelet', witness: 'agreed' });
    if (check === undefined && seen.topology.platform.kind === 'kubeadm')
      return undecided('whether a load balancer or a kubelet asks without a login is not seen', '--haproxy-stats <url or socket>');
    const severity = { severity: 'info', impact: 'at-risk' } as const;
    return fail({ ...facts, who: say('nobody seen depends on it') }, { reason: 'nobody-seen', witness: 'stated', ...severity });
  },
  explains: [
    {
      to: 'lb-backend-down',
      kind: 'causes',
      on: 'apiserver',
      because: 'a check without a login is refused, and fails',
      produces: ['http', 'other'],
      when: ({ cause, effect }) =>
        String(effect.facts['words']).includes(`/${cause.facts['status']}`) || effect.facts['balancer'] === 'Envoy' ? 'yes' : 'no',
    },
    {
      to: 'lb-no-backend-up',
      kind: 'causes',
      on: 'cluster',
      because: 'a check without a login is refused, and fails',
      covers: 'all',
      match: 'apiserver',
    },
    { to: 'api-restart-loop', kind: 'causes', on: 'apiserver', because: 'kubelets restart what fails its liveness probe', unproven: true },
    {
      to: 'api-master-unreachable',
      kind: 'causes',
      on: 'node',
      because: 'kubelets restart what fails its liveness probe, and between two starts nothing answers',
      produces: ['refused', 'hung', 'closed', 'reset'],
      unproven: true,
    },
    {
      to: 'lb-check-disagrees',
      kind: 'causes',
      on: 'apiserver',
      because: 'with a login it serves, and the check has none',
      produces: ['unauthorised'],
    },
    {
      to: 'api-lb-unreachable',
      kind: 'causes',
      on: 'cluster',
      because: 'the load balancer leaves out every API server',
      covers: 'all',
      match: 'apiserver',
      unproven: true,
    },
  ],
  fixes: ({ subjects, facts }, seen) => {
    const [first] = subjects;
    const verify = subjects.map(
      (subject) => `curl -sk -o /dev/null -w '%{http_code}\\n' ${shellWord(`https://${subject.id}/readyz`)}   # 200`,
    );
    if (facts['status'] === 403) return [letStrangersRead(verify)];
    const edit = editSettings(
      seen,
      homeOf(seen, 'kube-apiserver', first?.keys.node),
      '--authentication-config=/etc/kubernetes/authentication.yaml and its mount; without --anonymous-auth',
    );
    return [
      {
        do: 'Open the health paths to everybody and nothing else, on one master at a time: an AuthenticationConfiguration (1.31 and later) in place of the flag',
        where: first?.name ?? 'here',
        ...edit,
        run: [
          "printf '%s\\n' 'apiVersion: apiserver.config.k8s.io/v1beta1' 'kind: AuthenticationConfiguration' 'anonymous:' '  enabled: true' '  conditions: [{path: /livez}, {path: /readyz}, {path: /healthz}]' > /etc/kubernetes/authentication.yaml",
          ...edit.run,
        ],
        risk: 'medium',
        needs: [{ text: 'the release is 1.31 or later; before that, leave out --anonymous-auth=false', met: 'unknown' }],
        verify,
      },
    ];
  },
  avoid: () => ['change all masters at once: a mistyped path stops every API server'],
  reading: [
    'https://kubernetes.io/docs/reference/access-authn-authz/authentication/#anonymous-requests',
    'https://github.com/kubernetes/kubeadm/issues/798',
  ],
  errors: [
    'Liveness probe failed: HTTP probe failed with statuscode: 401',
    'Layer7 wrong status, code: 401',
    'User "system:anonymous" cannot get path "/readyz"',
  ],
});

/** Whether the load balancer's check was refused with this status; undefined where nobody can say. */
function checkBy(seen: Seen<Needs>, subject: Subject, status: number): boolean | undefined {
  const backend = backendFor(seen, { subject });
  const tells = backend?.envoy !== undefined || backend?.row.checkCode !== undefined;
  return backend === undefined || !tells ? undefined : checkMet(backend, status);
}

/** The kubelet of a static pod asks /livez without a login; it shows once it has restarted the container for that. */
function kubeletAsks(seen: Seen<Needs>, subject: Subject): boolean {
  const view = seen.attempt(() => podOn(seen, 'kube-apiserver', subject.keys.node));
  return view !== undefined && !view.pod.ready && view.container.restarts > 0;
}

function flagOn(seen: Seen<Needs>, subject: Subject): Sentence | string {
  const flags = ['--anonymous-auth', '--authentication-config'];
  const command = seen.attempt(() => podOn(seen, 'kube-apiserver', subject.keys.node))?.container.command ?? [];
  const found = command.find((word) => flags.some((flag) => word.startsWith(`${flag}=`)));
  return found === undefined ? '' : say(', started with {found}', { found });
}

/** Kubernetes itself binds both groups at each start, unless the binding says that it must be left alone. */
function letStrangersRead(verify: readonly string[]): Fix {
  return {
    do: 'Let strangers read the health paths again, as Kubernetes does by itself: the group system:unauthenticated in its own binding',
    where: 'here',
    run: [
      'kubectl get clusterrolebinding system:public-info-viewer -o yaml   # subjects, and the annotation rbac.authorization.kubernetes.io/autoupdate',
      'kubectl create clusterrolebinding health-for-strangers --clusterrole=system:public-info-viewer --group=system:unauthenticated',
    ],
    risk: 'low',
    needs: [{ text: 'nobody has taken this right away on purpose: /version is told to strangers again too', met: 'unknown' }],
    verify,
    undo: ['kubectl delete clusterrolebinding health-for-strangers'],
  };
}
