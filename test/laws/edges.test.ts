// Do the recordings bear out the edges that the rules declare?
import { expect } from 'vitest';
import { rules } from '../../rules/index.ts';
import type { AnyRule, Edge } from '../../src/model/rule.ts';
import { linkUp } from '../../src/rank/links.ts';
import { setScene } from '../../src/rank/scene.ts';
import { failing, lawOverRecordings, type Recording, wordsFor } from './recordings.ts';

const declared = rules.flatMap((from) => from.explains.map((edge) => ({ from, edge })));

function nameOf({ from, edge }: { readonly from: AnyRule; readonly edge: Edge }): string {
  const how = [edge.kind, edge.on, edge.covers, edge.produces?.join('|'), edge.when === undefined ? undefined : 'when'].filter(
    (word) => word !== undefined,
  );
  return `${from.id} -> ${edge.to} (${how.join(', ')})`;
}

/** Edges that join two failing verdicts of this recording, gates and coverage included. */
function liveEdges({ report: { verdicts }, gate }: Recording): readonly Edge[] {
  const { ways, parts, worsens } = linkUp(setScene({ verdicts, rules, gate }));
  return [...ways, ...parts, ...worsens].flatMap(({ edge }) => edge ?? []);
}

/** After new recordings or edges: look at the difference, then `npx vitest run test/laws/edges.test.ts -u`. */
lawOverRecordings(
  'every edge joins two verdicts in some recording, is marked unproven, or stands in the list of what is still to be shown',
  async (recordings) => {
    const live = new Set(recordings.flatMap(liveEdges));
    const idle = declared.filter(({ edge }) => edge.kind !== 'hints' && edge.unproven !== true && !live.has(edge));
    expect(idle.map(nameOf)).toEqual([]);
  },
);

lawOverRecordings('an effect that an edge can cover tells what it rests on', (recordings) => {
  const covered = new Set<string>(declared.flatMap(({ edge }) => (edge.covers === undefined || edge.kind !== 'causes' ? [] : [edge.to])));
  for (const { name, report } of recordings) {
    for (const fail of failing(report.verdicts).filter((one) => covered.has(one.rule))) {
      expect.soft(fail.supports, `${name}: ${wordsFor(fail)}`).toBeDefined();
    }
  }
});

lawOverRecordings('what is narrow reaches the whole cluster only where it covers what is lost there', (recordings) => {
  const judged = recordings.flatMap(({ report }) => report.verdicts.filter((verdict) => verdict.status !== 'not-applicable'));
  const narrow = new Set<string>(
    judged.filter(({ subject }) => !['cluster', 'lb', 'operator'].includes(subject.kind)).map(({ rule }) => rule),
  );
  const loose = declared.filter(
    ({ from, edge }) => narrow.has(from.id) && edge.kind === 'causes' && edge.on === 'cluster' && edge.covers === undefined,
  );
  expect(loose.map(nameOf)).toEqual([]);
});
