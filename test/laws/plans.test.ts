// Can a printed plan hurt: by words for another kind of machine, by moving what nobody asked about, by an undo that misses?
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { rules } from '../../rules/index.ts';
import { judgeAll } from '../../src/judge/judge.ts';
import { buildTopology } from '../../src/judge/topology/build.ts';
import type { Evidence } from '../../src/model/evidence.ts';
import type { Topology } from '../../src/model/topology.ts';
import { faultyWorlds } from '../kit/faulty.ts';
import { changed, madeBy, makers } from '../kit/makers.ts';
import { commandsOf, type Plan, plansFor } from '../kit/plans.ts';

const worlds = Object.entries(faultyWorlds).map(([name, build]) => ({ name, evidence: build().evidence as Evidence }));

interface Step {
  readonly from: string;
  readonly command: string;
}

function stepsIn(plans: readonly Plan[], name: string): readonly Step[] {
  return plans.flatMap(({ rule, fixes }) =>
    fixes.flatMap((fix) => commandsOf(fix).map((command) => ({ from: `${name}: ${rule}`, command }))),
  );
}

function stepsWhere(change: (evidence: Evidence) => Evidence, holds: (topology: Topology) => boolean): readonly Step[] {
  return worlds.flatMap(({ name, evidence }) => {
    const other = change(evidence);
    return holds(buildTopology(other)) ? stepsIn(plansFor(other), name) : [];
  });
}

/** As they are, worked out once. */
const usual = worlds.flatMap(({ name, evidence }) => plansFor(evidence).map((plan) => ({ ...plan, name })));
const usualSteps = usual.flatMap((plan) => stepsIn([plan], plan.name));

function offending(steps: readonly Step[], pattern: RegExp): readonly string[] {
  return [...new Set(steps.filter(({ command }) => pattern.test(command)).map(({ from, command }) => `${from}: ${command}`))];
}

test.each(makers)(
  'no command for kubeadm on %s',
  (kind, version, osImage) => {
    const steps = stepsWhere(
      (evidence) => madeBy(evidence, version, osImage),
      ({ platform }) => platform.kind === kind,
    );
    expect(steps.length).toBeGreaterThan(100);
    expect(offending(steps, /\/etc\/kubernetes\/manifests|\bkubeadm (init|certs|token|join|upgrade|kubeconfig)|\bcrictl\b/)).toEqual([]);
    expect(offending(steps, /systemctl \S+ kubelet\b/)).toEqual([]);
  },
  60_000,
);

test.each(makers)(
  'what is not known is to be had without the words of kubeadm on %s',
  (kind, version, osImage) => {
    const ways = worlds.flatMap(({ name, evidence }) => {
      const other = madeBy(evidence, version, osImage);
      const topology = buildTopology(other);
      if (topology.platform.kind !== kind) return [];
      return judgeAll(rules, other, topology).flatMap((one) =>
        one.status === 'unknown' ? one.gaps.map(({ howToGet }) => `${name}: ${one.rule}: ${howToGet}`) : [],
      );
    });
    expect(ways.length).toBeGreaterThan(100);
    expect([...new Set(ways.filter((way) => /\/etc\/kubernetes\/manifests|\bcrictl\b/.test(way)))]).toEqual([]);
    expect(kind === 'talos' ? [...new Set(ways.filter((way) => /\bps -/.test(way)))] : []).toEqual([]);
  },
  60_000,
);

test('etcd on hosts of its own is no static pod', () => {
  const steps = stepsWhere(
    (evidence) =>
      changed(evidence, [], {
        'kube.kubeadm-config': (value) => ({ ...value, externalEtcd: ['https://10.89.0.11:2379', 'https://10.89.0.12:2379'] }),
        'kube.control-plane-pods': (value) => ({ ...value, pods: value.pods.filter((pod) => pod.component !== 'etcd') }),
      }),
    ({ etcd }) => etcd === 'external',
  );
  expect(steps.length).toBeGreaterThan(100);
  expect(offending(steps, /manifests\/etcd\.yaml|crictl.*etcd|init phase certs etcd-(server|peer)|pki\/etcd\/peer/)).toEqual([]);
}, 60_000);

const moved = /\b(mv|rm|cp)\b[^|;&]*(\/pki\b|\/var\/lib\/\S|\.conf\b|\/manifests\/)/;

test('data, certificates and manifests are moved only under a condition', () => {
  const fixes = usual.flatMap(({ name, rule, fixes }) => fixes.map((fix) => ({ name, rule, fix })));
  const moving = fixes.filter(({ fix }) => fix.run.some((command) => moved.test(command)));
  expect(moving.length).toBeGreaterThan(10);
  expect(moving.filter(({ fix }) => fix.needs.length === 0).map(({ name, rule, fix }) => `${name}: ${rule}: ${fix.do}`)).toEqual([]);
});

test('what undo names was named when the plan was made', () => {
  expect(usualSteps.length).toBeGreaterThan(100);
  expect(offending(usualSteps, /\$\(date/)).toEqual([]);
});

test('a pair in use is never deleted or moved away before another takes its place', () => {
  expect(offending(usualSteps, /\b(rm|mv)\b( -\S+)* \/etc\/kubernetes\/(pki|\S+\.conf)/)).toEqual([]);
  expect(offending(usualSteps, /sed -i[^|;]* \/etc\/kubernetes\/manifests/)).toEqual([]);
});

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A host before a colon needs its brackets on IPv6: `joinAddress` knows. */
test('no address is glued together', () => {
  const files = ['rules', 'src/judge', 'src/probes'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  const glued = files.flatMap((path) =>
    [...readFileSync(path, 'utf8').matchAll(/[^\n]*(?:[hH]ost|[aA]ddress'?\]?)\}:(?:\$\{|\d)[^\n]*/g)].map(
      ([line]) => `${path.slice(root.length)}: ${line.trim()}`,
    ),
  );
  expect(files.length).toBeGreaterThan(100);
  expect(glued).toEqual([]);
});
