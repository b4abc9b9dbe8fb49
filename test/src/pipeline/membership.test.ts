// Are real etcd members in a wrong company found: another cluster, a learner left behind, a name twice, a certificate nobody trusts?
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rules } from '../../../rules/index.ts';
import { lookLive } from '../../../src/pipeline/diagnose.ts';
import { judgeAll } from '../../../src/judge/judge.ts';
import { buildTopology } from '../../../src/judge/topology/build.ts';
import { drawView } from '../../../src/pipeline/views.ts';
import type { Evidence } from '../../../src/model/evidence.ts';
import type { Report } from '../../../src/model/report.ts';
import type { Fail } from '../../../src/model/verdict.ts';
import { type EtcdCluster, etcdMissing, startEtcd } from '../probes/kit/etcd.ts';
import { refusedPort } from '../sources/kit/patients.ts';

const folder = mkdtempSync(join(tmpdir(), 'ha-doctor-membership-'));
const before = process.env['XDG_STATE_HOME'];

beforeAll(() => {
  process.env['XDG_STATE_HOME'] = folder;
});

afterAll(() => {
  if (before === undefined) delete process.env['XDG_STATE_HOME'];
  else process.env['XDG_STATE_HOME'] = before;
  rmSync(folder, { recursive: true, force: true });
});

/** With an API that refuses: etcd is all there is to see. */
async function look(endpoints: readonly string[], { authority, client }: EtcdCluster): Promise<{ report: Report; evidence: Evidence }> {
  const kubeconfig = join(folder, 'config');
  writeFileSync(kubeconfig, kubeconfigFor(await refusedPort()));
  const etcd = {
    endpoints,
    authority: authority.own.certificatePath,
    certificate: client.certificatePath,
    key: client.keyPath,
    from: 'flag' as const,
  };
  const settings = { masters: [], etcd, portForward: 'forbidden' as const, exec: 'forbidden' as const, lbConnections: 1, deep: false };
  const interrupt = new AbortController().signal;
  return lookLive({ connection: { kubeconfig }, settings, timeoutMs: 15_000, only: 'etcd', interrupt });
}

function kubeconfigFor(port: number): string {
  const cluster = `{name: lab, cluster: {server: 'https://127.0.0.1:${port}', insecure-skip-tls-verify: true}}`;
  const context = '{name: lab, context: {cluster: lab, user: nobody}}';
  return `apiVersion: v1\nkind: Config\ncurrent-context: lab\nclusters: [${cluster}]\ncontexts: [${context}]\nusers: [{name: nobody, user: {}}]\n`;
}

function failed(report: Report, rule: string): readonly Fail[] {
  return report.verdicts.filter((verdict): verdict is Fail => verdict.status === 'fail' && verdict.rule === rule);
}

const endpointsOf = (...clusters: readonly EtcdCluster[]) => clusters.flatMap(({ members }) => members.map(({ subject }) => subject.id));

describe.skipIf(etcdMissing !== undefined)('real members', () => {
  let sound: EtcdCluster;
  beforeAll(async () => {
    sound = await startEtcd(2);
  }, 60_000);
  afterAll(async () => sound.stop());

  test('of one cluster: no rule about membership fails', async () => {
    const { report } = await look(endpointsOf(sound), sound);
    const about = [
      'etcd-cluster-id-mismatch',
      'etcd-member-list-mismatch',
      'etcd-member-duplicate',
      'etcd-learner-stuck',
      'etcd-version-mixed',
    ];
    for (const rule of about) {
      expect(failed(report, rule), rule).toEqual([]);
      expect(
        report.verdicts.some((verdict) => verdict.rule === rule && verdict.status === 'pass'),
        rule,
      ).toBe(true);
    }
    // Debian's own 3.4 is out of support, and the table of versions says so.
    expect(report.verdicts.some((verdict) => verdict.rule === 'etcd-version-risky' && verdict.status !== 'unknown')).toBe(true);
  }, 60_000);

  test('a learner is listed, and is not called stuck while it may be joining', async () => {
    const cluster = await startEtcd(1);
    try {
      const learner = await cluster.join('m2', { learner: true });
      const { report, evidence } = await look(endpointsOf(cluster), cluster);
      const verdict = report.verdicts.find((one) => one.rule === 'etcd-learner-stuck' && one.subject.id === learner.subject.id);
      expect(verdict).toMatchObject({ status: 'unknown', gaps: [{ detail: expect.stringContaining('a join may be running') as string }] });
      const rows = drawView('etcd', evidence).rows.map((row) => [String(row['name']), String(row['role'])]);
      expect(rows).toContainEqual(['m2', 'learner']);
      expect(rows).toHaveLength(2);
      // Ten minutes on, the same words of the same members are a finding.
      expect(laterBy(evidence, 601)).toContain('etcd-learner-stuck');
    } finally {
      await cluster.stop();
    }
  }, 90_000);

  test('two members with one name', async () => {
    const cluster = await startEtcd(1);
    try {
      await cluster.join('m2', { renamed: 'm1' });
      const { report } = await look(endpointsOf(cluster), cluster);
      const verdicts = failed(report, 'etcd-member-duplicate');
      expect(verdicts.map(({ reason }) => reason)).toEqual(['name', 'name']);
      expect(String(verdicts[0]?.facts['words'])).toBe('the name m1');
    } finally {
      await cluster.stop();
    }
  }, 90_000);

  test('a certificate for other names, by the authority that was given', async () => {
    const cluster = await startEtcd(1, { names: 'DNS:elsewhere' });
    try {
      const { report } = await look(endpointsOf(cluster), cluster);
      const [verdict] = failed(report, 'etcd-member-down');
      expect(verdict).toMatchObject({ reason: 'untrusted', witness: 'stated' });
      expect(String(verdict?.facts['words'])).toContain('127.0.0.1');
      expect(String(verdict?.facts['words'])).toContain('elsewhere');
      // Judged by an authority that signed nothing here, that authority is what is wrong, and no member is called sick.
      const foreign = await look(endpointsOf(cluster), { ...cluster, authority: sound.authority });
      expect(failed(foreign.report, 'etcd-member-down')).toEqual([]);
    } finally {
      await cluster.stop();
    }
  }, 90_000);

  test('members of two clusters', async () => {
    const other = await startEtcd(1, {}, sound);
    try {
      const [first] = endpointsOf(sound);
      const [stranger] = endpointsOf(other);
      const { report, evidence } = await look([first ?? '', stranger ?? ''], sound);
      const verdicts = failed(report, 'etcd-cluster-id-mismatch');
      expect(verdicts.map(({ subject }) => subject.id)).toEqual([stranger]);
      expect(verdicts[0]).toMatchObject({ reason: 'minority', witness: 'stated' });
      expect(report.findings.map(({ cause }) => cause.rule)).toContain('etcd-cluster-id-mismatch');
      const states = drawView('etcd', evidence).rows.map((row) => String(row['state']));
      expect(states.sort()).toEqual(['in another cluster', 'serves', 'serves']);
    } finally {
      await other.stop();
    }
  }, 90_000);
});

/** Rules that fail when the same evidence is looked at so many seconds later. */
function laterBy(evidence: Evidence, seconds: number): readonly string[] {
  const items = evidence.items.map((item) =>
    item.id === 'etcd.clock' && item.state === 'known'
      ? { ...item, value: { ...item.value, serverTime: item.value.serverTime + seconds * 1000 } }
      : item,
  );
  const later = { startedAt: evidence.startedAt + seconds * 1000, items };
  return judgeAll(rules, later, buildTopology(later)).flatMap((verdict) => (verdict.status === 'fail' ? [verdict.rule] : []));
}
