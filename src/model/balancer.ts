// What do a load balancer's own files, its counters and its neighbours say?

/** Everything of one kind of file that was named by flag, or found on this machine. */
export interface BalancerFiles {
  readonly files: readonly BalancerFile[];
  readonly unreadable: readonly { readonly path: string; readonly node: string; readonly why: string }[];
}

export interface BalancerFile {
  /** The machine it belongs to: `lb1` of `lb1=path`, this machine's name, or the path where nobody said. */
  readonly node: string;
  readonly path: string;
  readonly from: 'flag' | 'here';
  readonly content: HaproxyConfig | NginxConfig | KeepalivedConfig | KeepalivedState | AddressList | KubeVipConfig;
}

/** A place where a proxy listens; the host is empty for every address. */
export interface Bind {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

export interface ListedServer {
  readonly name: string;
  /** host:port as written; a name is not resolved. */
  readonly address: string;
  /** Kept for when the others are gone, or taken out by the file itself. */
  readonly role: 'active' | 'backup' | 'disabled';
}

/** Milliseconds; absent where the file says nothing, which is HAProxy's `never`. */
export interface Timeouts {
  readonly client?: number;
  readonly server?: number;
  readonly tunnel?: number;
  readonly connect?: number;
}

/** One way from a listening port to servers, its defaults already applied. */
export interface ProxyPath {
  /** `kubernetes-api -> masters`, or the name of a `listen` section or upstream. */
  readonly name: string;
  readonly mode: 'tcp' | 'http';
  readonly binds: readonly Bind[];
  readonly servers: readonly ListedServer[];
  readonly timeouts: Timeouts;
}

export interface HaproxyConfig {
  readonly kind: 'haproxy';
  readonly paths: readonly ProxyPath[];
}

export interface NginxConfig {
  readonly kind: 'nginx';
  readonly paths: readonly ProxyPath[];
}

export interface VrrpScript {
  readonly name: string;
  readonly script: string;
  /** Seconds between two runs, and failures in a row that count. */
  readonly interval: number;
  readonly fall: number;
  /** 0 makes the instance faulty when it fails. */
  readonly weight: number;
}

export interface VrrpInstance {
  readonly name: string;
  readonly state: 'MASTER' | 'BACKUP' | '';
  readonly device: string;
  readonly routerId?: number;
  readonly priority: number;
  /** Seconds. */
  readonly advertInterval: number;
  readonly version: number;
  /** Empty type: no authentication. The password is a stand-in that is equal for equal first eight characters. */
  readonly authentication: { readonly type: string; readonly password: string; readonly tooLong: boolean };
  readonly preempts: boolean;
  readonly unicastSource?: string;
  readonly unicastPeers: readonly string[];
  /** Addresses without prefix length. */
  readonly addresses: readonly string[];
  /** Names of scripts and processes it tracks, each with a weight of its own where one is written. */
  readonly tracks: readonly { readonly name: string; readonly weight?: number }[];
}

export interface KeepalivedConfig {
  readonly kind: 'keepalived';
  /** vrrp_script and vrrp_track_process. */
  readonly scripts: readonly VrrpScript[];
  readonly instances: readonly VrrpInstance[];
}

/** keepalived's own account of itself, written on SIGUSR1 to /tmp/keepalived.data. */
export interface KeepalivedState {
  readonly kind: 'keepalived-state';
  readonly instances: readonly {
    readonly name: string;
    readonly state: string;
    readonly addresses: readonly string[];
    readonly effectivePriority?: number;
    /** Milliseconds since 1970 by that machine's clock. */
    readonly lastTransition?: number;
    /** About when it was written: its next timer, which is at most a few advertisements away. */
    readonly writtenAt?: number;
  }[];
}

/** `ip -o addr` of a machine. */
export interface AddressList {
  readonly kind: 'addresses';
  readonly addresses: readonly string[];
}

/** What kube-vip's static pod is told by its environment. */
export interface KubeVipConfig {
  readonly kind: 'kube-vip';
  readonly address: string;
  readonly port?: number;
}

/** Nginx's stub_status: counters since its start. */
export interface NginxStatus {
  readonly active: number;
  readonly accepted: number;
  readonly handled: number;
  readonly requests: number;
}

/** One host of one of Envoy's clusters. */
export interface EnvoyHost {
  readonly cluster: string;
  readonly address: string;
  /** Nothing of Envoy's speaks against it. */
  readonly healthy: boolean;
  /** Envoy's own words for what does, such as `failed_active_health_check`. */
  readonly trouble: readonly string[];
  /** Connections so far, and now. */
  readonly connections?: number;
  readonly active?: number;
  /** 0 is used first; absent means 0. */
  readonly priority?: number;
}

/** What one of Envoy's clusters is told to do; absent where nobody could read it. */
export interface EnvoyCluster {
  readonly name: string;
  /** Percentage of healthy hosts below which all of them get clients, healthy or not. */
  readonly panicBelow?: number;
  /** What its active checks ask with; empty where it has none. */
  readonly checks?: readonly ('http' | 'tcp' | 'other')[];
  /** Connections to all its hosts together, above which new ones are refused. */
  readonly connectionLimit?: number;
}

/** What this machine's kernel knows of the addresses that matter here. */
export interface HereNetwork {
  readonly node: string;
  /** Of the addresses asked about, those that are this machine's own. */
  readonly holds: readonly string[];
  /** Of the addresses asked about, what stands in the neighbour table: a hardware address, or empty while nobody answers. */
  readonly neighbours: readonly { readonly address: string; readonly hardware: string }[];
  /** Sockets that listen at the ports asked about; the host is empty for every address. */
  readonly listeners: readonly { readonly host: string; readonly port: number }[];
}

/** One line of `show stat`; numbers absent where HAProxy left the column empty. */
export interface HaproxyRow {
  readonly proxy: string;
  readonly server: string;
  readonly type: 'frontend' | 'backend' | 'server' | 'listener';
  /** Such as UP, DOWN, MAINT, `UP 1/3`, `no check`. */
  readonly status: string;
  /** Such as L4OK, L6OK, L7STS; empty when nothing is checked. */
  readonly checkStatus: string;
  readonly checkCode?: number;
  readonly lastCheck: string;
  /** Seconds since the last change of state. */
  readonly lastChange?: number;
  /** host:port; empty at the socket level `user`. */
  readonly address: string;
  readonly mode: string;
  readonly activeServers?: number;
  /** Times it went from UP to DOWN since HAProxy last read its configuration. */
  readonly timesDown?: number;
  /** Sessions now, at the most, and so far. */
  readonly sessions?: number;
  readonly sessionLimit?: number;
  readonly sessionsTotal?: number;
  /** Requests that wait for a free slot. */
  readonly queued?: number;
}
