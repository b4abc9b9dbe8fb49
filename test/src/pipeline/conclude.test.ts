// Does the verdict's level say the same as the exit code, and does it name the vital questions that are open?
import { expect, test } from 'vitest';
import { rules } from '../../../rules/index.ts';
import { tree } from '../../../rules/tree.ts';
import { exitCodeFor } from '../../../src/cli/exit-codes.ts';
import { conclude } from '../../../src/pipeline/conclude.ts';
import { changeMetrics, changeStatus } from '../../rules/etcd/kit.ts';
import { healthyWorld, type World } from '../../kit/world.ts';

const run = { replayed: true, seconds: 0, interrupted: false, timings: {} };

function concluded(world: World) {
  const { verdict, findings, notes } = conclude({ evidence: world.evidence, rules, tree, version: '0', run });
  const severities = findings.map(({ severity }) => severity);
  return { level: verdict.level, unanswered: verdict.unanswered, severities, code: exitCodeFor({ verdict, notes, run }, 'warning') };
}

const quota = 1000 * 1024 ** 2;

/** One member whose database is that full: a warning from 80 %, critical from 95 %. */
function filled(percent: number): World {
  const world = healthyWorld();
  const dbSize = (quota * percent) / 100;
  changeStatus(world, 'm2', (old) => ({ ...old, dbSize, dbSizeInUse: dbSize, dbSizeQuota: quota }));
  return changeMetrics(world, 'm2', { dbSize, dbSizeInUse: dbSize, quota });
}

test('healthy: nothing is open', () => {
  expect(concluded(healthyWorld())).toEqual({ level: 'healthy', unanswered: [], severities: [], code: 0 });
});

test('a vital question that is open: incomplete, and named', () => {
  const open = concluded(healthyWorld().missing('kube.leases'));
  expect(open).toMatchObject({ level: 'incomplete', severities: [], code: 5 });
  expect(open.unanswered).toContain('leases-held');
});

test('open beside a warning: the level is that of the exit code', () => {
  expect(concluded(filled(85))).toMatchObject({ level: 'warning', unanswered: [], code: 4 });
  const open = concluded(filled(85).missing('kube.leases'));
  expect(open).toMatchObject({ level: 'incomplete', severities: ['warning'], code: 5 });
  expect(open.unanswered).toContain('leases-held');
});

test('critical stays critical, and what is open is named beside it', () => {
  const found = concluded(filled(96).missing('kube.leases'));
  expect(found).toMatchObject({ level: 'critical', code: 3 });
  expect(found.unanswered).toContain('leases-held');
});
