// With which commands is a load balancer asked for its servers, and made to take a changed configuration?
import type { Backend } from '../readings/backend.ts';

type Software = Backend['software'];

/** Its own word on each server; to be run on the load balancer. Envoy's admin port is whatever its file says. */
export const showServers: Readonly<Record<Software, string>> = {
  HAProxy: "echo 'show stat' | socat - /run/haproxy/admin.sock",
  Envoy: 'curl -s http://localhost:9901/clusters | grep health_flags   # at its admin port',
};

/** Checks the file first. An Envoy that is led by a control plane takes its changes from there. */
export const takeConfig: Readonly<Record<Software, string>> = {
  HAProxy: 'haproxy -c -f /etc/haproxy/haproxy.cfg && systemctl reload haproxy',
  Envoy: 'envoy --mode validate -c /etc/envoy/envoy.yaml && systemctl restart envoy',
};
