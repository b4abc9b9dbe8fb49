// Fault: etcd was full, room was made, and nobody took the alarm back.
import { giveBack } from '../etcd-space.ts';
import { defineFault } from '../fault.ts';
import full from './etcd-full.ts';

export default defineFault({
  name: 'etcd-alarm-left',
  breaks: 'writing to etcd: filled until the alarm NOSPACE, then emptied, compacted and defragmented, the alarm left standing',
  place: 'cluster',
  parameters: full.parameters,
  inject: async (lab, target, values) => {
    await full.inject(lab, target, values);
    await giveBack(lab);
  },
  heal: (lab, target, values) => full.heal(lab, target, values),
  settles: full.settles,
});
