// Is the kubelet looked at and started anew by what keeps it on that machine, and etcd's flags found where they are?
import { expect, test } from 'vitest';
import keyPair from '../../../rules/certificates/cert-key-pair-mismatch.ts';
import timing from '../../../rules/etcd/etcd-timing-config.ts';
import unsafe from '../../../rules/etcd/etcd-unsafe-config.ts';
import { viewOf } from '../../../src/judge/judge.ts';
import {
  kubeletPlace,
  lookAtItsDisk,
  lookAtKubelet,
  restartKubelet,
  retireKubelet,
  startRuntime,
} from '../../../src/judge/readings/kubelet-home.ts';
import type { AnyRule, Seen } from '../../../src/model/rule.ts';
import { kubeconfigFile, withFiles } from '../../kit/certificates.ts';
import { madeBy, makers } from '../../kit/makers.ts';
import { fixesOf } from '../../kit/texts.ts';
import { asFail, healthyWorld, World } from '../../kit/world.ts';

function made(kind: string, world = healthyWorld()): World {
  const maker = makers.find(([name]) => name === kind);
  return maker === undefined ? world : new World(madeBy(world.evidence, maker[1], maker[2]).items);
}

function seenOn(kind: string): Seen {
  const world = made(kind);
  return viewOf(world.evidence, world.topology);
}

test.each([
  ['kubeadm', 'm2', 'systemctl restart kubelet', ['systemctl is-active --quiet containerd || systemctl start containerd']],
  ['k3s', 'm2', 'systemctl restart k3s', []],
  ['k3s', 'w1', 'systemctl restart k3s-agent', []],
  ['rke2', 'm2', 'systemctl restart rke2-server', []],
  ['rke2', 'w1', 'systemctl restart rke2-agent', []],
])('on %s the kubelet of %s: %s', (kind, node, restart, runtime) => {
  const seen = seenOn(kind);
  expect([restartKubelet(seen, node), startRuntime(seen, node), kubeletPlace(seen, node)]).toEqual([restart, runtime, node]);
  expect(lookAtKubelet(seen, node).join('; ')).toContain(`journalctl -u ${restart.split(' ')[2]} `);
  expect(retireKubelet(seen).undo).toHaveLength(1);
});

test('Talos has no systemctl and no shell', () => {
  const seen = seenOn('talos');
  const all = [
    ...lookAtKubelet(seen, 'm2'),
    lookAtItsDisk(seen, 'm2'),
    restartKubelet(seen, 'm2'),
    ...startRuntime(seen, 'm2'),
    ...retireKubelet(seen).run,
  ];
  expect(all.filter((command) => !command.startsWith('talosctl -n 10.89.0.12 '))).toEqual([]);
  expect(all).toContain('talosctl -n 10.89.0.12 service kubelet restart');
  expect(kubeletPlace(seen, 'm2')).toBe('here');
});

/** How to have what this rule does not know of etcd on m2, where no pod of it is listed. */
function way(rule: AnyRule, kind: string): string {
  const world = made(kind).set('kube.control-plane-pods', undefined, (old) => ({
    ...old,
    pods: old.pods.filter((pod) => pod.component !== 'etcd'),
  }));
  const open = world.judge(rule).find((verdict) => verdict.status === 'unknown' && verdict.gaps.some(({ gap }) => gap === 'undecided'));
  return open?.status === 'unknown' ? (open.gaps[0]?.howToGet ?? '') : '';
}

test.each([unsafe, timing])('etcd’s flags are to be had where that cluster keeps them: $id', (rule) => {
  expect(way(rule, 'kubeadm')).toBe('on m1: grep -A40 command: /etc/kubernetes/manifests/etcd.yaml');
  expect(way(rule, 'k3s')).toBe('on m1: cat /var/lib/rancher/k3s/server/db/etcd/config');
  expect(way(rule, 'talos')).toBe('talosctl -n 10.89.0.11 processes | grep etcd');
});

test('a login whose key is another’s is made anew by kubeadm also where nothing told of kubeadm', () => {
  const other = kubeconfigFile('controller-manager', { publicKey: 'ef'.repeat(32) });
  const known = withFiles({ certificates: [], keys: [], kubeconfigs: [other] });
  const unknown = new World(known.evidence.items);
  for (const id of ['kube.kubeadm-config', 'kube.nodes', 'kube.control-plane-pods', 'api.version'] as const) unknown.missing(id);
  const plan = (world: World) =>
    fixesOf(keyPair, world, asFail(world.judge(keyPair).find(({ status }) => status === 'fail') ?? world.verdict(keyPair, 'm2')));
  expect(unknown.topology.platform.kind).toBe('unknown');
  expect(
    plan(unknown)
      .flatMap(({ run }) => run)
      .join('; '),
  ).toContain('kubeadm certs renew controller-manager.conf');
});
