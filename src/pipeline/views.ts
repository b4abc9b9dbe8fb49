// Which tables can be drawn from the evidence of some branches?
import { viewOf } from '../judge/judge.ts';
import { buildTopology } from '../judge/topology/build.ts';
import { viewCertificates } from '../judge/views/certificates.ts';
import { viewMembers } from '../judge/views/members.ts';
import { viewBalancer } from '../judge/views/balancer.ts';
import { viewClocks } from '../judge/views/clocks.ts';
import { viewLeaders } from '../judge/views/leaders.ts';
import type { Evidence } from '../model/evidence.ts';
import type { TableView } from '../model/table.ts';

/** Command -> the branches whose evidence it needs, and its view. */
const views = {
  etcd: { branches: 'etcd', view: viewMembers },
  leaders: { branches: 'leases', view: viewLeaders },
  clocks: { branches: 'clocks', view: viewClocks },
  lb: { branches: 'api,load-balancer', view: viewBalancer },
  certs: { branches: 'certificates', view: viewCertificates },
} as const;

export type ViewName = keyof typeof views;

/** As `--only` takes them. */
export function branchesOf(name: ViewName): string {
  return views[name].branches;
}

export function drawView(name: ViewName, evidence: Evidence): TableView {
  return views[name].view(viewOf(evidence, buildTopology(evidence)));
}
