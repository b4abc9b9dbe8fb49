// Which faults are put into the lab, and what is the truth about each?
import type { Scenario } from './scenario.ts';
import { addresses } from './table/addresses.ts';
import { apiServers } from './table/api-servers.ts';
import { balancers } from './table/balancers.ts';
import { catalogue } from './table/catalogue.ts';
import { certificates } from './table/certificates.ts';
import { churn } from './table/churn.ts';
import { doubles } from './table/doubles.ts';
import { etcd } from './table/etcd.ts';
import { known } from './table/known.ts';
import { leaders } from './table/leaders.ts';
import { networks } from './table/networks.ts';
import { nodes } from './table/nodes.ts';
import { settings } from './table/settings.ts';
import { slow } from './table/slow.ts';
import { upgrades } from './table/upgrades.ts';

export const scenarios: readonly Scenario[] = [
  ...known,
  ...catalogue,
  ...nodes,
  ...upgrades,
  ...networks,
  ...addresses,
  ...apiServers,
  ...balancers,
  ...leaders,
  ...certificates,
  ...settings,
  ...slow,
  ...etcd,
  ...doubles,
  ...churn,
];
