// Which machines, API servers and etcd members does the evidence speak of?
import { joinAddress } from '../../model/address.ts';
import type { Evidence, EvidenceId, Known } from '../../model/evidence.ts';
import { clusterSubject, type Subject } from '../../model/subject.ts';
import { type LoadBalancer, leadsTo, type Topology } from '../../model/topology.ts';
import { EvidenceIndex } from '../view.ts';
import { findMachines } from './machines.ts';
import { findMasters } from './masters.ts';
import { findMembers } from './members.ts';
import { HostNames } from './host-names.ts';
import { recognisePlatform, whereEtcdLives } from './platform.ts';

/** Evidence that a topology is built from; anything else leaves it as it is. */
export const topologyReads: ReadonlySet<EvidenceId> = new Set<EvidenceId>([
  'operator.kubeconfig',
  'operator.hints',
  'kube.nodes',
  'kube.control-plane-pods',
  'kube.endpoints',
  'kube.kubeadm-config',
  'api.version',
  'api.ready',
  'api.release',
  'lb.tries',
  'lb.config',
  'etcd.client-port',
  'etcd.members',
  'etcd.status',
  'etcd.metrics',
  'here.files',
]);

/** Reads only what is known; what is missing simply adds nothing. */
export class KnownEvidence {
  readonly #index: EvidenceIndex;

  constructor(index: EvidenceIndex) {
    this.#index = index;
  }

  get<I extends EvidenceId>(id: I, subject: Subject = clusterSubject): Known<I>['value'] | undefined {
    const samples = this.#index.samples(id, subject).filter((item) => item.state === 'known');
    return (samples[samples.length - 1] as Known<I> | undefined)?.value;
  }

  /** What each look brought, the oldest first. */
  samples<I extends EvidenceId>(id: I, subject: Subject = clusterSubject): readonly Known<I>['value'][] {
    const known = this.#index.samples(id, subject).filter((item) => item.state === 'known');
    return (known as unknown as readonly Known<I>[]).map(({ value }) => value);
  }

  every<I extends EvidenceId>(id: I): readonly Known<I>[] {
    return this.#index.newest(id).filter((item) => item.state === 'known') as unknown as readonly Known<I>[];
  }
}

/** Pure: the same evidence gives the same topology, live and replayed. */
export function buildTopology(evidence: Pick<Evidence, 'items'>): Topology {
  const known = new KnownEvidence(new EvidenceIndex(evidence.items));
  const names = new HostNames(known);
  const entry = findEntry(known);
  const platform = recognisePlatform(known);
  const etcd = whereEtcdLives(known, platform);
  const { masters, candidates, complete } = findMasters(known, names, entry, platform);
  const { members, complete: membersComplete } = findMembers(known, names, etcd);
  return {
    platform,
    etcd,
    ...(entry && { entry }),
    entryIsMaster: entry !== undefined && masters.some((master) => leadsTo(master, entry.host, entry.port)),
    masters,
    candidates,
    mastersComplete: complete,
    members,
    membersComplete,
    machines: findMachines(known, masters, members),
  };
}

function findEntry(known: KnownEvidence): LoadBalancer | undefined {
  const kubeconfig = known.get('operator.kubeconfig');
  if (kubeconfig === undefined) return undefined;
  const id = joinAddress(kubeconfig.host, kubeconfig.port);
  return { subject: { kind: 'lb', id, name: 'LB', keys: { lb: id } }, host: kubeconfig.host, port: kubeconfig.port };
}

/** Splits host:port or a URL; undefined when it is neither. */
export function splitAddress(address: string, defaultPort: number): { readonly host: string; readonly port: number } | undefined {
  const text = address.replace(/^[a-z]+:\/\//, '').replace(/\/.*$/, '');
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text);
  if (match === null)
    return text.includes(':') && URL.canParse(`http://[${text}]/`) ? { host: shorten(text), port: defaultPort } : undefined;
  const host = match[1] ?? match[2];
  return host === undefined ? undefined : { host: shorten(host), port: match[3] === undefined ? defaultPort : Number(match[3]) };
}

/** One spelling for one IPv6 address, so that two sources that write it differently speak of the same host. */
function shorten(host: string): string {
  const url = `http://[${host}]/`;
  return host.includes(':') && URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : host;
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
