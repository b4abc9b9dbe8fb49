// What do the files of the load balancers say: whom they lead to, how long they wait, who holds the address?
import * as z from 'zod';
import type { BalancerFile, BalancerFiles } from '../../model/balancer.ts';
import { GapError } from '../../sources/source.ts';
import { defineProbe, type Surroundings } from '../probe.ts';
import { type KindName, kindNames, readFile, reduceFile } from '../shared/balancer/recognise.ts';
import { gap } from '../shared/gaps.ts';
import { checkShape, line, parseJson } from '../shared/json.ts';
import { cleanLine } from '../shared/text.ts';

const howToGet = '--lb-config lb1=/etc/haproxy/haproxy.cfg --lb-config lb1=/etc/keepalived/keepalived.conf';
/** Where Debian, Red Hat and kubeadm's own guide put them. */
const usualPlaces = [
  '/etc/haproxy/haproxy.cfg',
  '/etc/keepalived/keepalived.conf',
  '/etc/nginx/nginx.conf',
  '/etc/kubernetes/manifests/kube-vip.yaml',
];
const nginxFolders = [
  '/etc/nginx/conf.d',
  '/etc/nginx/stream.d',
  '/etc/nginx/stream-conf.d',
  '/etc/nginx/modules-enabled',
  '/etc/nginx/sites-enabled',
];

const recorded = z.object({
  files: z.array(
    z.object({
      node: line,
      path: line,
      from: z.enum(['flag', 'here']),
      kind: z.enum(kindNames as [KindName, ...KindName[]]),
      text: z.string(),
    }),
  ),
  unreadable: z.array(z.object({ path: line, node: line, why: line })),
});
type Recorded = z.output<typeof recorded>;

export default defineProbe({
  id: 'lb.config',
  title: 'files of the load balancers',
  why: 'Says whom they lead to, after how long they cut, and which of them should hold the address.',
  reads: [],
  after: [],
  timeoutMs: 9000,
  gather: async (_subject, { source, settings }) => {
    const files: Recorded['files'] = [];
    const unreadable: Recorded['unreadable'] = [];
    const take = async (node: string, path: string, from: BalancerFile['from'], load: () => Promise<string>): Promise<void> => {
      try {
        files.push({ node, path, from, ...reduceFile(await load()) });
      } catch (error) {
        const why = error instanceof GapError ? error.gap.detail : error instanceof Error ? error.message : String(error);
        if (from === 'flag') unreadable.push({ path, node, why: cleanLine(why, 200) });
      }
    };
    await Promise.all((settings.lbConfigs ?? []).map(({ node, path }) => take(node ?? path, path, 'flag', () => source.file(path))));
    const hostname = (await source.file('/etc/hostname').catch(() => '')).trim();
    await Promise.all(
      usualPlaces.map((path) =>
        take(cleanLine(hostname, 253), path, 'here', () => (path.endsWith('nginx.conf') ? withIncludes(source, path) : source.file(path))),
      ),
    );
    if (files.length === 0 && unreadable.length === 0)
      throw gap('not-collected', 'no file of a load balancer was named, and none lies here', howToGet);
    const sorted = files.sort((one, other) => (`${one.node} ${one.path}` < `${other.node} ${other.path}` ? -1 : 1));
    return { raw: JSON.stringify({ files: sorted, unreadable }), source: 'files' };
  },
  read,
});

/** As `nginx -T` would print them. */
async function withIncludes(source: Surroundings['source'], path: string): Promise<string> {
  const main = await source.file(path);
  const found = (await Promise.all(nginxFolders.map((folder) => source.folder(folder).catch(() => [])))).flat();
  const parts = await Promise.all(found.map(async (name) => ({ name, text: await source.file(name).catch(() => '') })));
  return [{ name: path, text: main }, ...parts].map(({ name, text }) => `# configuration file ${name}:\n${text}`).join('\n');
}

function read(raw: string): BalancerFiles {
  const found = checkShape(recorded, parseJson(raw, 'the recorded files'), 'the recorded files');
  const unreadable = [...found.unreadable];
  const files = found.files.flatMap(({ node, path, from, kind, text }): readonly BalancerFile[] => {
    try {
      return [{ node, path, from, content: readFile(kind, text) }];
    } catch (error) {
      // The balancer of somebody else that lies here by chance is not worth a word.
      const why = error instanceof Error ? error.message : String(error);
      if (from === 'flag') unreadable.push({ path, node, why: cleanLine(why, 200) });
      return [];
    }
  });
  return { files, unreadable };
}
