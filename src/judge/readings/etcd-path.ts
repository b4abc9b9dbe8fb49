// When etcd does not answer us, is it etcd that is silent or our own path to it that is closed?
import type { Certainty, Seen } from '../../model/rule.ts';
import type { Master, Member } from '../../model/topology.ts';
import { blamesEtcd, readApiServer } from './api-server.ts';
import { backendFor } from './backend.ts';
import { answersCheck } from './balancer-check.ts';
import { servedThroughEntry } from './entry.ts';
import { type MemberEvidence, type MemberReading, peekMember } from './member.ts';
import { metricsOf } from './member-words.ts';
import { memberIdOf } from './voters.ts';
import { usesOnlyLocalEtcd } from './wiring.ts';

export type PathEvidence = MemberEvidence | 'api.ready' | 'kube.control-plane-pods' | 'kube.nodes' | 'lb.tries' | 'lb.stats' | 'lb.envoy';

/** An answer that needs etcd, or one that etcd's absence brings about; `unknown` tells neither. */
export function readsEtcd(seen: Seen<'api.ready'>, master: Master): Certainty {
  const reading = seen.attempt(() => readApiServer(seen, master));
  switch (reading?.kind) {
    case 'ready':
      return 'yes';
    case 'not-ready':
      return blamesEtcd(reading) ? 'no' : 'yes';
    case 'forbidden':
      return 'no';
    case 'silent':
      return ['timeout', 'unreachable', 'dns'].includes(reading.why) ? 'unknown' : 'no';
    case 'anonymous-refused':
      return reading.readyWithLogin ? 'yes' : 'unknown';
    default:
      return 'unknown';
  }
}

/** Does any API server still read from etcd? `no` needs one that misses it and none that does not. */
export function anApiServerReadsEtcd(seen: Seen<'api.ready'>): Certainty {
  const served = seen.topology.masters.map((master) => readsEtcd(seen, master));
  if (served.includes('yes')) return 'yes';
  return served.includes('no') ? 'no' : 'unknown';
}

/**
 * Whether every member that can be asked has lost its stream to this one. The contrary proves nothing: while packets are
 * dropped, counters call a stream up for minutes (seen on the lab).
 */
export function peersHaveLost(seen: Seen<'etcd.metrics'>, member: Member): boolean {
  const id = memberIdOf(member);
  if (id === undefined) return false;
  const views = seen.topology.members.flatMap((other) => {
    const metrics = other === member ? undefined : metricsOf(seen, other)?.value;
    return metrics === undefined || !metrics.knownPeers.includes(id) ? [] : [metrics.activePeers[id] ?? 0];
  });
  return views.length > 0 && views.every((streams) => streams === 0);
}

/** The API server beside a member, where it has no other one to read from. */
function dependentOf(seen: Seen<'kube.control-plane-pods'>, member: Member): Master | undefined {
  const { node } = member.subject.keys;
  const beside = seen.topology.masters.find((master) => master.subject.keys.node === node);
  return beside !== undefined && usesOnlyLocalEtcd(seen, node) === 'yes' ? beside : undefined;
}

/** Whether the API server beside it, which has no other, reads from this member: then it is at work, whoever else it refuses. */
function isReadBeside(seen: Seen<'api.ready' | 'kube.control-plane-pods'>, member: Member): boolean {
  const beside = dependentOf(seen, member);
  return beside !== undefined && readsEtcd(seen, beside) === 'yes';
}

/**
 * Whether a member that is at work refuses clients from other machines, at an address its cluster names, while another
 * member takes them: it listens elsewhere. A firewall that refuses everybody everything does so on all of them.
 */
export function refusesOthersOnly(seen: Seen<PathEvidence>, member: Member): boolean {
  const port = (one: Member) => {
    const knock = seen.peek('etcd.client-port', one.subject);
    return knock?.state === 'known' ? knock.value.outcome : undefined;
  };
  const own = port(member);
  if (own?.kind !== 'failed' || own.why !== 'refused' || member.origin === 'guessed' || peersHaveLost(seen, member)) return false;
  const isAtWork = peekMember(seen, member)?.kind === 'led' || isReadBeside(seen, member);
  return isAtWork && seen.topology.members.some((other) => other !== member && port(other)?.kind === 'open');
}

/** Whether an API server that is silent to us was ready for a client of the load balancer, or for its check. */
function servesOthers(seen: Seen<'api.ready' | 'lb.tries' | 'lb.stats' | 'lb.envoy'>, master: Master): boolean {
  if (servedThroughEntry(seen, master)) return true;
  const backend = backendFor(seen, master);
  return backend?.state === 'up' && answersCheck(backend);
}

/**
 * Whether members that were only too slow for us are at work: a list without a resourceVersion is consistent, and it was
 * served in this very run, which takes a quorum. A refusal, or a member that says it has no leader, is no slowness.
 */
export function isSlowNotLost(seen: Seen<MemberEvidence | 'kube.nodes'>): boolean {
  const readings = seen.topology.members.filter((one) => one.started).map((one) => peekMember(seen, one));
  const slow = readings.every((reading) => reading?.kind === 'silent' && (reading.why === 'hung' || reading.why === 'timeout'));
  return slow && readings.length > 0 && seen.peek('kube.nodes')?.state === 'known';
}

/** A packet that never came back may have been dropped anywhere on the way. */
function leavesNoTrace(reading: MemberReading | undefined): boolean {
  return reading?.kind === 'silent' && ['timeout', 'unreachable', 'dns'].includes(reading.why);
}

/** Whether packets to a member just vanish, and what could tell that only ours do is not known. */
export function mayBeOurPath(seen: Seen<PathEvidence>, member: Member): boolean {
  if (!leavesNoTrace(peekMember(seen, member)) || seen.topology.etcd === 'external') return false;
  return usesOnlyLocalEtcd(seen, member.subject.keys.node) !== 'yes' || seen.peek('lb.tries')?.state !== 'known';
}

/** A sentence why this member's silence proves nothing about it, or undefined when it does. */
export function whyOnlyOurPath(seen: Seen<PathEvidence>, member: Member): string | undefined {
  const readings = seen.topology.members.filter((one) => one.started).map((one) => peekMember(seen, one));
  const allSilent = readings.every((reading) => reading?.kind === 'silent');
  const served = anApiServerReadsEtcd(seen);
  if (allSilent && served === 'yes') return 'no etcd member answers us, yet an API server reads from etcd: our path is closed';
  if (isSlowNotLost(seen)) return 'no etcd member answered us in time, yet the API served a consistent list: etcd or this machine is slow';
  if (allSilent && served === 'unknown' && readings.every(leavesNoTrace)) {
    return 'no etcd member answers us, and nothing else tells how etcd is: our own path may be closed';
  }
  const beside = leavesNoTrace(peekMember(seen, member)) ? dependentOf(seen, member) : undefined;
  if (beside !== undefined) {
    const { node } = member.subject.keys;
    const served = readsEtcd(seen, beside);
    if (served === 'yes') return `the API server on ${node} reads from it: only our path is closed`;
    if (served === 'unknown' && servesOthers(seen, beside))
      return `the API server on ${node}, which needs it, is silent to us and serves others: our own path may be blocked`;
  }
  return undefined;
}
