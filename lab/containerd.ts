// Which settings do containerd and its pod network need on a lab's machine?
import type { Release } from './versions.ts';

const criPlugin = 'io.containerd.grpc.v1.cri';

/**
 * containerd's config.toml.
 * restrict_oom_score_adj: without CAP_SYS_RESOURCE runc cannot lower the score and its child dies.
 */
export function containerdConfig(release: Release, root = '/var/lib/containerd', state = '/run/containerd'): string {
  return `version = 2
root = "${root}"
state = "${state}"
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.internal.v1.opt"]

[grpc]
  address = "${state}/containerd.sock"

[plugins."${criPlugin}"]
  sandbox_image = "${pauseImage(release)}"
  restrict_oom_score_adj = true

[plugins."${criPlugin}".containerd]
  snapshotter = "overlayfs"
  default_runtime_name = "runc"

[plugins."${criPlugin}".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[plugins."${criPlugin}".containerd.runtimes.runc.options]
  SystemdCgroup = false

[plugins."${criPlugin}".cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "/etc/cni/net.d"
`;
}

/** A bridge of its own per machine: enough for a node to be Ready and for pods that stay on it. */
export function podNetworkConfig(podSubnet: string): string {
  const plugins = [{ type: 'bridge', bridge: 'pods0', isGateway: true, ipam: { type: 'host-local', ranges: [[{ subnet: podSubnet }]] } }];
  return `${JSON.stringify({ cniVersion: '0.4.0', name: 'lab', plugins }, null, 2)}\n`;
}

export const imageRepository = 'registry.k8s.io';

export function pauseImage(release: Release): string {
  return `${imageRepository}/pause:${release.pause}`;
}

export function etcdImageTag(release: Release): string {
  return `${release.etcd}-0`;
}
