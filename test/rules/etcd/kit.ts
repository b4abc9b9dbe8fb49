// Which states of an etcd cluster do the tests of its rules share?
import { expect } from 'vitest';
import type { EtcdMetrics, EtcdStatus } from '../../../src/model/etcd.ts';
import type { FailureClass } from '../../../src/model/network.ts';
import type { AnyRule, Fix } from '../../../src/model/rule.ts';
import type { Fail, Verdict } from '../../../src/model/verdict.ts';
import { placeholders } from '../../../src/explain/template.ts';
import { viewOf } from '../../../src/judge/judge.ts';
import { withoutNode } from '../../kit/etcd-worlds.ts';
import { inEnglish, failure, type World } from '../../kit/world.ts';

export const ids = { m1: '5f1c0a7d93b2e684', m2: 'a2c947be10d8f355', m3: 'c83e61f09a7724db' } as const;
export type Name = keyof typeof ids;
export const names = ['m1', 'm2', 'm3'] as const;

export function changeStatus(world: World, node: Name, change: (old: EtcdStatus) => EtcdStatus): World {
  return world.set('etcd.status', node, (old) => {
    if (old.kind !== 'answered') throw new Error(`${node} gave no status to change`);
    return { kind: 'answered', ...change(old) };
  });
}

export function changeMetrics(world: World, node: Name, change: Partial<EtcdMetrics>): World {
  return world.set('etcd.metrics', node, (old) => {
    if (old.kind !== 'answered') throw new Error(`${node} gave no metrics to change`);
    return { ...old, ...change };
  });
}

/** Nothing of this member answers, and its peers have noticed. */
export function silence(world: World, node: Name, why: FailureClass = 'refused'): World {
  const failed = failure(why, `${node} ${why}`);
  for (const port of ['etcd.client-port', 'etcd.peer-port'] as const) world.set(port, node, { outcome: failed, chain: [] });
  for (const id of ['etcd.status', 'etcd.metrics', 'etcd.health', 'etcd.members', 'etcd.read'] as const) world.set(id, node, failed);
  world.drop('etcd.hash', node);
  for (const other of names) if (other !== node) cutStream(world, other, node);
  return world;
}

/** One side of a broken stream between two members. */
export function cutStream(world: World, from: Name, to: Name): World {
  const old = world.evidence.items.find((item) => item.id === 'etcd.metrics' && item.subject.name === from && item.state === 'known');
  if (old?.state !== 'known' || old.id !== 'etcd.metrics' || old.value.kind !== 'answered') return world;
  return changeMetrics(world, from, { activePeers: { ...old.value.activePeers, [ids[to]]: 0 } });
}

/** The member runs and knows no leader. */
export function loseLeader(world: World, node: Name): World {
  changeStatus(world, node, ({ leaderId: _gone, ...rest }) => ({ ...rest, errors: ['etcdserver: no leader'] }));
  changeMetrics(world, node, { hasLeader: false, isLeader: false });
  world.set('etcd.health', node, { kind: 'unhealthy', reason: 'RAFT NO LEADER' });
  return world.set('etcd.read', node, { kind: 'refused', error: 'etcdserver: no leader' });
}

/** Peer traffic of one member is cut off; it loses its leader. */
export function isolate(world: World, node: Name): World {
  loseLeader(world, node);
  for (const other of names) if (other !== node) cutStream(cutStream(world, other, node), node, other);
  return world;
}

/** No etcd certificate: counters and health come by port-forward, nothing else does. */
export function withoutCertificate(world: World): World {
  for (const id of ['etcd.status', 'etcd.members', 'etcd.read', 'etcd.hash'] as const) world.missing(id);
  return world;
}

/** No etcd certificate and no API to forward a port through: what is left are knocks. */
export function knocksOnly(world: World): World {
  withoutCertificate(world);
  for (const id of ['etcd.metrics', 'etcd.health', 'etcd.clock'] as const) world.missing(id, undefined, { through: 'lb/10.89.0.10:8443' });
  return world;
}

/** A fourth voter that was added and never started. */
export function addGhost(world: World, change: { readonly learner?: boolean } = {}): World {
  const ghost = { id: '77feed0000000077', name: '', peerUrls: ['https://10.89.0.14:2380'], clientUrls: [], learner: false, ...change };
  for (const node of names) {
    world.set('etcd.members', node, (old) => (old.kind === 'answered' ? { ...old, members: [...old.members, ghost] } : old));
    const others = names.filter((name) => name !== node).map((name) => ids[name]);
    changeMetrics(world, node, { knownPeers: [...others, ghost.id] });
  }
  return world;
}

/** m3 is gone with its node, and without a certificate only the counters of the others still know its id. */
export function countedInVain(world: World): World {
  withoutCertificate(withoutNode(world));
  changeMetrics(world, 'm1', { knownPeers: [ids.m2, ids.m3], activePeers: { [ids.m2]: 1, [ids.m3]: 0 } });
  return changeMetrics(world, 'm2', { knownPeers: [ids.m1, ids.m3], activePeers: { [ids.m1]: 1, [ids.m3]: 0 } });
}

export function statuses(world: World, rule: AnyRule): readonly Verdict['status'][] {
  return world.judge(rule).map((verdict) => verdict.status);
}

/** Every text of a failing verdict finds its facts, and a line fits the screen. */
export function expectTextsFilled(rule: AnyRule, verdict: Fail): void {
  const has = (name: string): boolean => {
    const [list, column] = name.split('.');
    const value = verdict.facts[list ?? ''];
    if (column === undefined) return value !== undefined;
    return Array.isArray(value) && value.every((row) => row[column] !== undefined || verdict.facts[column] !== undefined);
  };
  for (const text of [rule.title, rule.why, rule.folded, ...rule.shows.filter((line) => !line.startsWith('if '))]) {
    expect(
      placeholders(text).filter((name) => !has(name)),
      `facts for "${text}"`,
    ).toEqual([]);
  }
  expect(rule.reasons.length === 0 || rule.reasons.includes(verdict.reason ?? '')).toBe(true);
}

/** The repair of these verdicts, with no placeholder and nothing undefined left in it. */
export function fixesOf(world: World, rule: AnyRule, ...verdicts: readonly Fail[]): readonly Fix[] {
  const [first] = verdicts;
  if (first === undefined) throw new Error('fixes need a verdict');
  const cause = { facts: first.facts, subjects: verdicts.map((one) => one.subject), verdicts };
  const view = viewOf(world.evidence, world.topology);
  const fixes = inEnglish(rule.fixes(cause, view));
  for (const text of [
    ...fixes.flatMap((fix) => [fix.where, ...fix.run, ...fix.verify, ...(fix.undo ?? [])]),
    ...rule.avoid(cause, view).map(String),
  ]) {
    expect(text).not.toMatch(/undefined|\{[a-z]+\}|NaN/i);
  }
  return fixes;
}

export { asFail, failure, healthyWorld, now, World } from '../../kit/world.ts';
