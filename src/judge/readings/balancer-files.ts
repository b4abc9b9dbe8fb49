// Which paths to the API do the files of the load balancers describe?
import type { BalancerFile, ListedServer, ProxyPath } from '../../model/balancer.ts';
import type { Seen } from '../../model/rule.ts';
import { leadsTo, type Master } from '../../model/topology.ts';
import { splitAddress } from '../topology/build.ts';
import { MissingEvidence } from '../view.ts';

/** A path that leads to API servers, and in whose file it stands. */
export interface ApiPath extends ProxyPath {
  readonly node: string;
  readonly file: string;
  readonly software: 'HAProxy' | 'Nginx';
}

const software = { haproxy: 'HAProxy', nginx: 'Nginx' } as const;
const howToGet = '--lb-config lb1=/etc/haproxy/haproxy.cfg';

/** Every path to an API server. @throws MissingEvidence where no file was seen, or none of them describes one. */
export function apiPathsOf(seen: Seen<'lb.config'>): readonly ApiPath[] {
  const { files } = seen.get('lb.config');
  const paths = files.flatMap((file) => pathsIn(seen, file));
  if (paths.length > 0) return paths;
  const gap = { gap: 'absent', detail: 'none of the files seen leads to an API server', howToGet } as const;
  throw new MissingEvidence([{ ...gap, id: 'lb.config', subject: `lb/${seen.topology.entry?.subject.id ?? 'lb'}` }]);
}

/** What lies on this machine by chance may be another cluster's: it counts when it leads to one of our masters. */
function pathsIn(seen: Seen, { node, path: file, from, content }: BalancerFile): readonly ApiPath[] {
  if (content.kind !== 'haproxy' && content.kind !== 'nginx') return [];
  const { entry } = seen.topology;
  return content.paths
    .filter((path) => {
      const leadsHere = path.servers.some((server) => masterListed(seen, server) !== undefined);
      return leadsHere || (from === 'flag' && path.servers.length > 0 && path.binds.some((bind) => bind.port === entry?.port));
    })
    .map((path) => ({ ...path, node, file, software: software[content.kind] }));
}

/** The master on the host that a server names, whatever its port. */
export function masterListed(seen: Seen, server: Pick<ListedServer, 'address'>): Master | undefined {
  const host = splitAddress(server.address, 6443)?.host;
  return seen.topology.masters.find((master) => leadsTo(master, host) || master.subject.name === host);
}

/** Files that were named and could not be read or understood. */
export function unreadFiles(seen: Seen<'lb.config'>): readonly { readonly path: string; readonly why: string }[] {
  const files = seen.peek('lb.config');
  return files?.state === 'known' ? files.value.unreadable : [];
}

/** Ends the judgement: a file that bears on it was named and says nothing. */
export function endUnread(seen: Seen<'lb.config'>): void {
  const [first] = unreadFiles(seen);
  if (first === undefined) return;
  const gap = { gap: 'failed', detail: `${first.path} is not understood: ${first.why}`, howToGet } as const;
  throw new MissingEvidence([{ ...gap, id: 'lb.config', subject: `lb/${seen.topology.entry?.subject.id ?? 'lb'}` }]);
}
