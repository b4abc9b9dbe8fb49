// Is the screen what a person needs at night, whatever the cluster says?
import { describe, expect, test } from 'vitest';
import type { Report } from '../../../src/model/report.ts';
import type { RuleId } from '../../../src/model/rule-ids.ts';
import { english } from '../../../src/locales/english.ts';
import { renderTerminal, type TerminalOptions } from '../../../src/report/terminal.ts';
import { columnsOf } from '../../../src/report/wrap.ts';
import { cluster, effect, failing, finding, possibly, report, subject, unknown } from './samples/build.ts';
import { certificateExpired } from './samples/certificate-expired.ts';
import { healthy, incomplete } from './samples/healthy.ts';
import { quorumLost } from './samples/quorum-lost.ts';
import { sampleTexts } from './samples/texts.ts';

const plain: TerminalOptions = {
  width: 80,
  ascii: true,
  colour: false,
  showPassed: false,
  exitCode: 3,
  again: 'kubectl ha-doctor',
  withFlags: false,
  texts: sampleTexts,
};

const samples: Readonly<Record<string, () => Report>> = {
  'quorum-lost': quorumLost,
  'certificate-expired': certificateExpired,
  healthy,
  incomplete,
};

/** Golden screens; `vitest -u` writes them anew, and a person reads the difference. */
describe.each(Object.entries(samples))('%s', (name, make) => {
  test('80 columns, ASCII, no colour', async () => {
    await expect(renderTerminal(make(), plain)).toMatchFileSnapshot(`golden/${name}.txt`);
  });

  test.each([72, 80, 120])('no line is wider than %i columns', (width) => {
    for (const ascii of [true, false]) {
      const lines = renderTerminal(make(), { ...plain, width, ascii, showPassed: true }).split('\n');
      expect(lines.filter((line) => columnsOf(line) > width)).toEqual([]);
    }
  });

  test('colour adds nothing but colour', () => {
    const coloured = renderTerminal(make(), { ...plain, colour: true });
    expect(coloured.replace(/\u001b\[[0-9;]*m/g, '')).toBe(renderTerminal(make(), plain));
    expect(coloured).not.toBe(renderTerminal(make(), plain));
  });

  test('ASCII is ASCII', () => {
    expect(renderTerminal(make(), plain)).toMatch(/^[\n\x20-\x7e]*$/);
  });

  test('no line of a cause is said twice', () => {
    const lines = renderTerminal(make(), plain)
      .split('\n')
      .map((line) => line.trim());
    const long = lines.filter((line) => line.length > 25 && !line.startsWith('check '));
    expect(long.filter((line, index) => long.indexOf(line) !== index)).toEqual([]);
  });

  test('unknown checks add up to the number in the header', () => {
    const screen = renderTerminal(make(), plain);
    const groups = [...screen.matchAll(/^(?:Unknown| {7}) {2,}(\d+) {2}\S/gm)].map((match) => Number(match[1]));
    expect(groups.reduce((sum, count) => sum + count, 0)).toBe(make().counts.unknown);
  });
});

test('a healthy screen says what was asked and what is still unknown', () => {
  const screen = renderTerminal(healthy(), { ...plain, exitCode: 0 });
  for (const step of healthy().tree) expect(screen).toContain(step.ask);
  expect(screen).toContain('etcd-hash-mismatch');
  expect(screen).not.toContain('CAUSE');
});

test('passes are listed on request only, in their own words', () => {
  expect(renderTerminal(healthy(), plain)).not.toContain('a majority of the etcd voters serves');
  expect(renderTerminal(healthy(), { ...plain, showPassed: true })).toContain('a majority of the etcd voters serves');
});

test('what a cluster says cannot command the terminal, wherever it stands', () => {
  const evil = 'x\u001b]0;owned\u0007\u009b2J\u202e\r\nnext';
  const poisoned = poison(certificateExpired(), evil);
  for (const ascii of [true, false]) {
    const screen = renderTerminal(poisoned, { ...plain, ascii, showPassed: true });
    expect(screen.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
    expect(screen).toContain('\\x1b]0;owned');
  }
});

test('many subjects and effects stay readable', () => {
  const nodes = Array.from({ length: 100 }, (_, index) => subject('node', `worker-${index}`, `worker-${index}`));
  const cause = failing('etcd-quorum-lost', cluster);
  const effects = nodes.map((node) => effect(failing('ha-node-notready', node, { severity: 'warning' }), 'effect', [2]));
  const verdicts = [cause, ...effects.map(({ verdict }) => verdict)];
  const made = report({
    verdict: { level: 'critical', line: 'lost', impact: '' },
    vantages: [],
    tree: [],
    verdicts,
    findings: [finding(1, cause, { effects })],
  });
  const screen = renderTerminal(made, plain);
  expect(screen).toContain('+94');
  expect(screen).toContain('also by #2');
  expect(screen.split('\n').length).toBeLessThan(20);
});

test('effects that differ only in their subject share a line', () => {
  const cause = failing('cert-operator-expiring', cluster);
  const servers = ['m1', 'm2'].map((name) => subject('apiserver', `${name}:6443`, name));
  const effects = servers.map((server) => effect(failing('api-credential-rejected', server, { facts: { from: server.name } })));
  const texts = (rule: string) => ({ ...sampleTexts(rule), folded: '401 from {from}' });
  const made = report({
    verdict: { level: 'critical', line: 'x', impact: '' },
    vantages: [],
    tree: [],
    verdicts: [cause],
    findings: [finding(1, cause, { effects })],
  });
  expect(renderTerminal(made, { ...plain, texts })).toMatch(/Folded {2}api-credential-rejected {2}401 from m1, m2$/m);
});

test('joint causes, bridges and what may lie behind are said', () => {
  const cause = failing('etcd-quorum-lost', cluster);
  const possibleCauses = Array.from({ length: 5 }, (_, index) => possibly(`rule-${index}`, 'node/m2', 'run it on m2'));
  const one = finding(1, cause, { togetherWith: [2], bridges: ['host-unreachable' as RuleId], possibleCauses });
  const screen = renderTerminal(
    report({ verdict: { level: 'critical', line: 'lost', impact: '' }, vantages: [], tree: [], verdicts: [cause], findings: [one] }),
    plain,
  );
  expect(screen).toContain('#2');
  expect(screen).toContain('host-unreachable');
  expect(screen).toContain('rule-2');
  expect(screen).not.toContain('rule-3');
  expect(screen).toContain('2 more in -o json');
});

test('an unmet need is marked as such', () => {
  const cause = failing('etcd-member-down', cluster);
  const fixes = [
    { do: 'remove it', where: 'here', run: ['etcdctl member remove 1'], risk: 'high', needs: [{ text: 'quorum', met: 'no' }], verify: [] },
  ] as const;
  const made = report({
    verdict: { level: 'critical', line: 'x', impact: '' },
    vantages: [],
    tree: [],
    verdicts: [cause],
    findings: [finding(1, cause, { fixes })],
  });
  expect(renderTerminal(made, plain)).toMatch(/needs {2}x quorum/);
  expect(renderTerminal(made, { ...plain, ascii: false })).toContain('✗ quorum');
});

test('what another finding blocks is grouped under it, not under a remedy of its own', () => {
  const cause = failing('etcd-quorum-lost', cluster);
  const verdicts = [cause, unknown('le-lease-expired', 'ask again', { rule: 'etcd-quorum-lost', subject: 'cluster/cluster' })];
  const screen = renderTerminal(
    report({ verdict: { level: 'critical', line: 'x', impact: '' }, vantages: [], tree: [], verdicts, findings: [finding(1, cause)] }),
    plain,
  );
  expect(screen).toMatch(/Unknown {2}1 {2}mend #1 first/);
  expect(screen).not.toContain('ask again');
});

test('another language is one value: phrases and the rules it names', () => {
  const locale = {
    language: 'xx',
    phrases: { ...english.phrases, impact: '影响', walk: '路径' },
    rules: { 'etcd-quorum-lost': { title: 'etcd 丢失多数派：{alive}/{voters}' } },
    sentences: {},
  };
  const screen = renderTerminal(quorumLost(), { ...plain, ascii: false, locale });
  expect(screen).toContain('CRITICAL  etcd 丢失多数派：1/3');
  expect(screen).toContain('影响');
  expect(screen).toContain('"etcdserver: no leader"');
});

test('an interrupted or replayed run says so', () => {
  const base = healthy();
  const screen = renderTerminal({ ...base, run: { ...base.run, interrupted: true, replayed: true } }, plain);
  expect(screen).toContain('INTERRUPTED');
  expect(screen).toContain('replayed');
});

/** Every free text of a report with something hostile in it; ids, kinds and the like stay. */
function poison(clean: Report, evil: string): Report {
  const free = new Set([
    'name',
    'line',
    'impact',
    'detail',
    'howToGet',
    'do',
    'text',
    'because',
    'version',
    'how',
    'address',
    'ask',
    'serial',
  ]);
  const visit = (value: unknown, key: string): unknown => {
    if (typeof value === 'string') return free.has(key) && value !== '' ? value + evil : value;
    if (Array.isArray(value)) return value.map((item) => visit(item, key === 'run' || key === 'verify' || key === 'avoid' ? 'do' : key));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, visit(inner, name)]));
  };
  return visit(clean, '') as Report;
}
