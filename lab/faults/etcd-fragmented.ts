// Fault: much was written to etcd and deleted again, and nobody defragmented it.
import { compact, giveBack, prefix, putMegabytes } from '../etcd-space.ts';
import { defineFault } from '../fault.ts';

export default defineFault({
  name: 'etcd-fragmented',
  breaks: 'the database files of all members: more than half of each is empty, and stays so',
  place: 'cluster',
  parameters: {
    kept: { means: 'megabytes that stay', default: '125' },
    deleted: { means: 'megabytes that are written and deleted', default: '175' },
  },
  inject: async (lab, _target, { kept, deleted }) => {
    for (const value of [kept, deleted]) if (!/^\d{1,4}$/.test(value)) throw new Error(`a number of megabytes is wanted, not '${value}'`);
    const keys = (name: string, count: number) => Array.from({ length: count }, (_, index) => `${name}/${index}`);
    await putMegabytes(lab, keys('gone', Number(deleted)));
    await putMegabytes(lab, keys('kept', Number(kept)));
    await lab.etcdctl(['del', '--prefix', `${prefix}gone/`]);
    await compact(lab);
  },
  heal: giveBack,
  settles: { seconds: 5, what: 'every member has dropped what was deleted' },
});
