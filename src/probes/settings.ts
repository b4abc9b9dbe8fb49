// Which choices of the user reach the probes?

export interface EtcdCredentials {
  /** host:port each; empty when only the certificate was named. */
  readonly endpoints: readonly string[];
  /** Paths of PEM files. */
  readonly authority?: string;
  readonly certificate?: string;
  readonly key?: string;
  readonly from: 'flag' | 'environment' | 'manifest';
}

export interface Settings {
  /** --masters, host[:port] each. */
  readonly masters: readonly string[];
  readonly etcd?: EtcdCredentials;
  /** URL or path of a socket. */
  readonly haproxyStats?: string;
  /** --lb-config: files of load balancers, each with the machine it belongs to where that was said. */
  readonly lbConfigs?: readonly { readonly node?: string; readonly path: string }[];
  /** --pki-dir: folders with certificates of control-plane machines, each with the machine where that was said. */
  readonly pkiDirs?: readonly { readonly node?: string; readonly path: string }[];
  /** URL of Nginx's stub_status. */
  readonly nginxStatus?: string;
  /** URL of Envoy's admin interface. */
  readonly envoyAdmin?: string;
  /** --lease: leases beyond those of kube-system that somebody leads by. */
  readonly leases?: readonly { readonly namespace: string; readonly name: string }[];
  readonly portForward: 'allowed' | 'forbidden';
  readonly exec: 'allowed' | 'forbidden';
  /** How many connections through the load balancer at the most. */
  readonly lbConnections: number;
  readonly deep: boolean;
}
