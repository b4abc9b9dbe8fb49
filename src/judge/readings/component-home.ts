// How is a component of the control plane run on its machine, and with which words is it looked at, stopped and started there?
import type { Seen } from '../../model/rule.ts';
import { shellWord } from '../shell-word.ts';
import { hasNoShell, talosctl } from './talosctl.ts';

/** `static-pod`: as kubeadm does it · `service`: a unit of its own · `k3s`, `rke2`: inside the server · `other`: somebody else's way. */
export type HomeKind = 'static-pod' | 'service' | 'k3s' | 'rke2' | 'other';

export interface Home {
  readonly kind: HomeKind;
  readonly component: string;
  /** Nothing can be run on its machine: how Talos' API is asked for what runs there. */
  readonly processes?: string;
}

/** What kubeadm made, or may have made as nothing says otherwise: only there its commands and its folders are of use. */
export function isKubeadm(seen: Seen): boolean {
  const { kind } = seen.topology.platform;
  return kind === 'kubeadm' || kind === 'unknown';
}

/** @param node whose pod shows, where no maker of the cluster is recognised, that it is a static one */
export function homeOf(seen: Seen<'kube.control-plane-pods'>, component: string, node: string | undefined): Home {
  return {
    kind: kindOf(seen, component, node),
    component,
    ...(hasNoShell(seen) && { processes: talosctl(seen, node ?? '', 'processes') }),
  };
}

function kindOf(seen: Seen<'kube.control-plane-pods'>, component: string, node: string | undefined): HomeKind {
  const { platform, etcd } = seen.topology;
  if (component === 'etcd' && etcd === 'external') return 'service';
  if (platform.kind === 'k3s' || platform.kind === 'rke2') return platform.kind;
  if (isKubeadm(seen)) return 'static-pod';
  if (platform.kind !== 'other' && platform.kind !== 'kind') return 'other';
  const list = seen.peek('kube.control-plane-pods');
  const pods = list?.state === 'known' ? list.value.pods : [];
  return pods.some((pod) => pod.component === component && pod.node === node) ? 'static-pod' : 'other';
}

/** The unit that systemd starts it, or all of the server, by. */
export function unitOf({ kind, component }: Home): string | undefined {
  if (kind === 'k3s') return 'k3s';
  if (kind === 'rke2') return 'rke2-server';
  return kind === 'service' ? component : undefined;
}

/** Where the kubelet finds its static pods. */
export function manifestOf({ component }: Home): string {
  return shellWord(`/etc/kubernetes/manifests/${component}.yaml`);
}

function named({ component }: Home): string {
  return shellWord(`^${component}$`);
}

/** Whether it runs. Empty where nobody can say how to look. */
export function lookAt(home: Home): readonly string[] {
  const unit = unitOf(home);
  if (unit !== undefined) return [`systemctl status ${unit} --no-pager`];
  return home.kind === 'static-pod' ? [`ls -l ${manifestOf(home)}`, `crictl ps -a --name ${named(home)}`] : [];
}

/** The same in one line: how what is not known could be known. */
export function wayToLook(home: Home, node: string): string {
  const commands = lookAt(home);
  if (commands.length === 0) return `see on ${node} whether ${home.component} runs, by the tool that made the machine`;
  return `on ${node}: ${commands.join('; ')}`;
}

/** Likewise for the flags it is started with: what the kubelet will start it with next, or what runs now. */
export function wayToFlags(home: Home, node: string): string {
  const { kind, component } = home;
  if (home.processes !== undefined) return `${home.processes} | grep ${shellWord(component)}`;
  if (kind === 'static-pod') return `on ${node}: grep -A40 command: ${manifestOf(home)}`;
  if (kind !== 'k3s') return `on ${node}: ps -ww -o args= -C ${shellWord(component)}`;
  // k3s runs all in one process, tells its log with which flags, and leaves etcd's in a file.
  if (component === 'etcd') return `on ${node}: cat /var/lib/rancher/k3s/server/db/etcd/config`;
  return `on ${node}: journalctl -u k3s --no-pager | grep ${shellWord(`Running ${component} `)} | tail -n 1`;
}

/** What it wrote: its last lines, or those of its last minutes, through a filter. */
export interface Lines {
  readonly lines?: number;
  readonly minutes?: number;
  readonly filter?: string;
}

export function readLog(home: Home, { lines = 50, minutes, filter }: Lines): readonly string[] {
  const through = filter === undefined ? '' : ` 2>&1 | ${filter}`;
  const unit = unitOf(home);
  if (home.kind === 'rke2') {
    const files = `/var/log/pods/kube-system_${home.component}-*/${home.component}/*.log`;
    return [`tail -n ${minutes === undefined ? lines : 10_000} ${files}${through}`];
  }
  if (unit !== undefined)
    return [`journalctl -u ${unit} --no-pager ${minutes === undefined ? `-n ${lines}` : `--since -${minutes}min`}${through}`];
  if (home.kind !== 'static-pod') return [];
  return minutes === undefined
    ? [`crictl logs --tail ${lines} $(crictl ps -aq --name ${named(home)} | head -1)${through}`]
    : [`crictl logs --since ${minutes}m $(crictl ps -q --name ${named(home)})${through}`];
}

/** The kubelet would start a static pod again for as long as its manifest is there. */
export function stop(home: Home): readonly string[] {
  const unit = unitOf(home);
  if (unit !== undefined) return [`systemctl stop ${unit}`];
  if (home.kind !== 'static-pod') return [];
  return [
    `mkdir -p /root/held && mv ${manifestOf(home)} /root/held/`,
    `while crictl ps -q --name ${named(home)} | grep -q .; do sleep 1; done`,
  ];
}

export function start(home: Home): readonly string[] {
  const unit = unitOf(home);
  if (unit !== undefined) return [`systemctl start ${unit}`];
  return home.kind === 'static-pod' ? [`mv /root/held/${shellWord(`${home.component}.yaml`)} /etc/kubernetes/manifests/`] : [];
}

/** Ends the wait before the next attempt; what runs goes on where a kubelet looks after it. */
export function tryAgain(home: Home): readonly string[] {
  const unit = unitOf(home);
  if (unit !== undefined) return [`systemctl restart ${unit}`];
  return home.kind === 'static-pod' ? ['systemctl restart kubelet'] : [];
}

/** What is said before `tryAgain`. */
export function mendWords({ kind }: Home): string {
  if (kind === 'static-pod') return 'Mend what that shows, then let the kubelet start it again';
  return kind === 'other' ? 'Mend what that shows, by the tool that made the machine' : 'Mend what that shows, then start it again';
}
