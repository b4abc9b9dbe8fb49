import { expect, test } from 'vitest';
import rule from '../../../rules/etcd/etcd-hash-mismatch.ts';
import type { EtcdHash } from '../../../src/model/etcd.ts';
import {
  asFail,
  changeMetrics,
  changeStatus,
  expectTextsFilled,
  fixesOf,
  healthyWorld,
  ids,
  knocksOnly,
  type Name,
  names,
  silence,
  statuses,
  type World,
  withoutCertificate,
} from './kit.ts';

const change = (world: World, node: Name, part: Partial<EtcdHash>) => world.set('etcd.hash', node, (old) => ({ ...old, ...part }));
const other = () => change(healthyWorld(), 'm2', { hash: '1' });

test('equal hashes pass', () => {
  expect(statuses(healthyWorld(), rule)).toEqual(['pass', 'pass', 'pass']);
});

test('the minority is suspect, and only it', () => {
  expect(statuses(other(), rule)).toEqual(['pass', 'fail', 'pass']);
  const verdict = asFail(other().verdict(rule, 'm2'));
  expect([verdict.reason, verdict.severity, verdict.witness]).toEqual(['minority', 'critical', 'stated']);
  expect(verdict.facts).toMatchObject({ hash: '1', others: 'm1, m3' });
  expectTextsFilled(rule, verdict);
});

test('with no majority every side is suspect', () => {
  const two = other().drop('etcd.hash', 'm3');
  expect(statuses(two, rule)).toEqual(['fail', 'fail', 'unknown']);
  expect(asFail(two.verdict(rule, 'm1')).reason).toBe('no-majority');
  expect(statuses(change(other(), 'm3', { hash: '2' }), rule)).toEqual(['fail', 'fail', 'fail']);
});

test('hashes over different histories are not compared', () => {
  expect(change(other(), 'm2', { compactRevision: '41000' }).verdict(rule, 'm2').status).toBe('unknown');
  expect(change(other(), 'm2', { revision: '48214' }).verdict(rule, 'm2').status).toBe('unknown');
});

test('versions that compute it differently are not compared', () => {
  const version = (world: World, node: Name, text: string) => {
    changeMetrics(world, node, { version: text });
    return changeStatus(world, node, (old) => ({ ...old, version: text }));
  };
  const mixed = (old: string, rest: string) => names.reduce((world, node) => version(world, node, node === 'm2' ? old : rest), other());
  expect(mixed('3.5.15', '3.5.16').verdict(rule, 'm2').status).toBe('unknown');
  expect(mixed('3.5.16', '3.5.17').verdict(rule, 'm2').status).toBe('fail');
  expect(mixed('3.5.10', '3.5.10').verdict(rule, 'm2').status).toBe('fail');
  expect(mixed('3.4.33', '3.4.34').verdict(rule, 'm2').status).toBe('unknown');
});

test('without a certificate, or with one member only, nobody can tell', () => {
  expect(statuses(withoutCertificate(other()), rule)).toEqual(['unknown', 'unknown', 'unknown']);
  expect(statuses(knocksOnly(other()), rule)).toEqual(['unknown', 'unknown', 'unknown']);
  expect(silence(silence(healthyWorld(), 'm2'), 'm3').verdict(rule, 'm1').status).toBe('unknown');
});

test('the plan saves a sound member before the suspect is replaced', () => {
  const fixes = fixesOf(other(), rule, asFail(other().verdict(rule, 'm2')));
  const commands = fixes.map((fix) => fix.run[0]);
  expect(commands[1]).toBe('etcdctl --endpoints https://10.89.0.11:2379 snapshot save m1-sound.db');
  expect(commands[2]).toBe(`etcdctl --endpoints https://10.89.0.11:2379 member remove ${ids.m2}`);
  const split = other().drop('etcd.hash', 'm3');
  expect(fixesOf(split, rule, asFail(split.verdict(rule, 'm2'))).map((fix) => fix.risk)).toEqual(['low']);
});
