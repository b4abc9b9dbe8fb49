// What did the control plane's containers on this machine say last, whether or not any API answers?
import { GapError } from '../../sources/source.ts';
import { defineProbe, type Surroundings } from '../probe.ts';
import { linesOfFile, logBounds, loggedComponents, readLogs } from '../shared/container-logs.ts';
import { gap } from '../shared/gaps.ts';

/** Symbolic links into /var/log/pods that every kubelet keeps, `<pod>_<namespace>_<container>-<64 hex digits>.log`. */
const folder = '/var/log/containers';
const linkName = /\/([^/_]+)_kube-system_([^/_]+)-[0-9a-f]{64}\.log$/;

export default defineProbe({
  id: 'here.container-logs',
  title: 'logs of the control plane on this machine',
  why: 'They are there when the API server beside them is not.',
  reads: [],
  after: ['here.files'],
  timeoutMs: 3000,
  gather: async (_subject, around) => {
    const here = around.value('here.files');
    if (here === undefined) throw notAMaster(around);
    const links = (await around.source.folder(folder)).flatMap((path) => describe(path, here.node) ?? []);
    const logs = await Promise.all(links.map(({ path, ...about }) => readEnd(path, about, around)));
    return { raw: JSON.stringify({ logs }), source: 'this node' };
  },
  read: (raw) => readLogs(raw, linesOfFile),
});

function notAMaster(around: Surroundings): GapError {
  const why = around.gap('here.files');
  return why === undefined ? gap('absent', 'this machine runs no control plane', 'run ha-doctor on a master, as root') : new GapError(why);
}

/** A static pod is called after its manifest and its node. */
function describe(path: string, node: string) {
  const [, pod = '', container = ''] = linkName.exec(path) ?? [];
  const component = loggedComponents.find((one) => one === container);
  return component === undefined ? undefined : { path, pod, component, node, previous: false };
}

async function readEnd(path: string, about: Omit<NonNullable<ReturnType<typeof describe>>, 'path'>, { source }: Surroundings) {
  try {
    return { ...about, text: await source.file(path, logBounds.bytes) };
  } catch (error) {
    if (!(error instanceof GapError)) throw error;
    return { ...about, refused: error.gap.detail };
  }
}
