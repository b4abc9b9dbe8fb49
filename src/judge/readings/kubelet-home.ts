// How is the kubelet of a machine run, and with which words is it looked at, started anew and kept from starting?
import type { Seen } from '../../model/rule.ts';
import { hasNoShell, talosctl } from './talosctl.ts';

/** What it keeps renewed and logs in with, certificate and key in one file: its name, and where it lies. */
export const loginFile = 'kubelet-client-current.pem';
export const rotatedLogin = `/var/lib/kubelet/pki/${loginFile}`;

/** The unit of systemd that it runs in. */
export function kubeletUnit({ topology }: Seen, node: string | undefined): string {
  const { kind } = topology.platform;
  if (kind !== 'k3s' && kind !== 'rke2') return 'kubelet';
  const isAgent = topology.machines.some((one) => one.subject.id === node && !one.controlPlane);
  return isAgent ? `${kind}-agent` : kind === 'k3s' ? 'k3s' : 'rke2-server';
}

/** Where the commands of this file are run. */
export function kubeletPlace(seen: Seen, node: string): string {
  return hasNoShell(seen) ? 'here' : node;
}

export function lookAtKubelet(seen: Seen, node: string): readonly string[] {
  if (hasNoShell(seen)) return [talosctl(seen, node, 'service kubelet'), talosctl(seen, node, 'logs kubelet --tail 50')];
  const unit = kubeletUnit(seen, node);
  return [`systemctl is-active ${unit === 'kubelet' ? 'kubelet containerd' : unit}`, `journalctl -u ${unit} -n 50 --no-pager`];
}

/** How full the disk is that it works on. */
export function lookAtItsDisk(seen: Seen, node: string): string {
  return hasNoShell(seen) ? talosctl(seen, node, 'mounts') : 'df -h / /var/lib/kubelet';
}

/** Until when its login is good: with one that has ended it runs, and reaches no API server. Empty where its file holds the key too and only whole files are read. */
export function lookAtItsLogin(seen: Seen): readonly string[] {
  if (hasNoShell(seen)) return [];
  const file = renewsAtStart(seen) ? `/var/lib/rancher/${seen.topology.platform.kind}/agent/client-kubelet.crt` : rotatedLogin;
  return [`openssl x509 -noout -enddate -in ${file}   # what it logs in with`];
}

/** k3s and RKE2 hand a kubelet its certificates whenever they start it, and it asks for none itself (pkg/agent/config). */
export function renewsAtStart({ topology }: Seen): boolean {
  return topology.platform.kind === 'k3s' || topology.platform.kind === 'rke2';
}

export function restartKubelet(seen: Seen, node: string): string {
  return hasNoShell(seen) ? talosctl(seen, node, 'service kubelet restart') : `systemctl restart ${kubeletUnit(seen, node)}`;
}

/** The runtime it needs, where that is a unit of its own. */
export function startRuntime(seen: Seen, node: string): readonly string[] {
  if (hasNoShell(seen) || kubeletUnit(seen, node) !== 'kubelet') return [];
  return ['systemctl is-active --quiet containerd || systemctl start containerd'];
}

/** For good: what it runs it would start again. Empty on Talos, which lets nobody stop a kubelet alone (machined, services/kubelet.go). */
export function retireKubelet(seen: Seen): { readonly run: readonly string[]; readonly undo: readonly string[] } {
  if (hasNoShell(seen)) return { run: [], undo: [] };
  const unit = kubeletUnit(seen, undefined);
  return { run: [`systemctl disable --now ${unit}`], undo: [`systemctl enable --now ${unit}`] };
}
