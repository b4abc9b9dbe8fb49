// How do two load balancers of a lab share the address of the API?
import { balancersOf, loadBalancerAddress, loadBalancerPort, prefixLength } from './topology.ts';
import type { LabPlan, NodePlan } from './topology.ts';

export const keepalivedConfigFile = '/etc/keepalived/keepalived.conf';
/** Where keepalived writes what it knows when it gets SIGUSR1. */
export const keepalivedDataFile = '/tmp/keepalived.data';

/**
 * keepalived.conf.
 * @param tracked whether a balancer that dies costs its machine the address.
 */
export function keepalivedConfig(plan: LabPlan, node: NodePlan, tracked: 'tracked' | 'untracked' = 'tracked'): string {
  const all = balancersOf(plan);
  const peers = all.filter((one) => one.name !== node.name);
  const priority = 101 - all.findIndex((one) => one.name === node.name);
  const script = [
    'vrrp_script check_balancer {',
    `  script "/bin/bash -c '</dev/tcp/127.0.0.1/${loadBalancerPort}'"`,
    '  interval 2',
    '  timeout 2',
    '  fall 2',
    '  rise 2',
    '  weight -60',
    '}',
    '',
  ];
  return [
    'global_defs {',
    `  router_id ${node.name}`,
    '  script_user root',
    '}',
    '',
    ...(tracked === 'tracked' ? script : []),
    'vrrp_instance api {',
    '  state BACKUP',
    '  interface eth0',
    '  virtual_router_id 77',
    `  priority ${priority}`,
    '  advert_int 1',
    '  authentication {',
    '    auth_type PASS',
    '    auth_pass lab-only',
    '  }',
    `  unicast_src_ip ${node.address}`,
    '  unicast_peer {',
    ...peers.map((peer) => `    ${peer.address}`),
    '  }',
    '  virtual_ipaddress {',
    `    ${loadBalancerAddress}/${prefixLength} dev eth0`,
    '  }',
    ...(tracked === 'tracked' ? ['  track_script {', '    check_balancer', '  }'] : []),
    '}',
    '',
  ].join('\n');
}
