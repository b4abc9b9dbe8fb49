// How does a new rule begin? With a file and a test that fail until somebody has written them.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

function ruleSource(area: string, id: string): string {
  return `// Which question does ${id} answer? Say it here in one line.
import { defineRule } from '../../src/judge/define-rule.ts';
import { clusterSubject } from '../../src/model/subject.ts';

export default defineRule({
  id: '${id}',
  area: '${area}',
  since: '0.1.0',
  severity: 'warning',
  impact: 'at-risk',
  layer: 7,
  title: '',
  healthy: '',
  why: '',
  shows: [],
  folded: '',
  needs: ['kube.nodes'],
  limits: {},
  reasons: [],
  subjects: () => [clusterSubject],
  judge: (seen) => {
    const { nodes } = seen.get('kube.nodes');
    throw new Error(\`${id} cannot judge \${nodes.length} nodes yet: return pass(), fail() or notApplicable()\`);
  },
  explains: [],
  fixes: () => [],
  avoid: () => [],
  reading: [],
});
`;
}

function testSource(area: string, id: string): string {
  return `// Does ${id} tell a sick cluster from a healthy one, and from one nobody could look at?
import { expect, test } from 'vitest';
import rule from '../../../rules/${area}/${id}.ts';
import { unfilled } from '../../kit/texts.ts';
import { asFail, healthyWorld } from '../../kit/world.ts';

test('a healthy cluster passes', () => {
  for (const verdict of healthyWorld().judge(rule)) expect(verdict.status).toBe('pass');
});

test('a sick one fails, and every text has its facts', () => {
  const world = healthyWorld();
  expect.fail('break the world here, with set(), again() or drop()');
  const verdict = asFail(world.verdict(rule, 'cluster'));
  expect(unfilled(rule, verdict)).toEqual([]);
});

test('without its evidence it is unknown', () => {
  for (const id of rule.needs) {
    const verdicts = healthyWorld().missing(id).judge(rule);
    expect(verdicts.map((verdict) => verdict.status)).toContain('unknown');
  }
});

test('it says what it is about', () => {
  for (const text of [rule.title, rule.healthy, rule.why, rule.folded]) expect(text).not.toBe('');
});
`;
}

function main(argument: string | undefined): string {
  const [area = '', id = ''] = (argument ?? '').split('/');
  const areas = readdirSync(join(root, 'rules'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'tree')
    .map((entry) => entry.name);
  if (!areas.includes(area)) return `name an area and an id, such as etcd/etcd-new-thing; areas are ${areas.join(', ')}`;
  if (!/^[a-z0-9]+(-[a-z0-9]+)+$/.test(id)) return `"${id}" is no id: small letters, digits and hyphens, such as etcd-new-thing`;
  const files = { [`rules/${area}/${id}.ts`]: ruleSource(area, id), [`test/rules/${area}/${id}.test.ts`]: testSource(area, id) };
  const taken = Object.keys(files).find((path) => existsSync(join(root, path)));
  if (taken !== undefined) return `${taken} is already there`;
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    console.log(`wrote ${path}`);
  }
  console.log('Fill both in, name the rule in a question of rules/tree/ if it belongs to one, then: npm run gen && npm test');
  return '';
}

const complaint = main(process.argv[2]);
if (complaint !== '') {
  console.error(complaint);
  process.exitCode = 2;
}
