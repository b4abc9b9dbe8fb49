// Which addresses are known before anything was asked?
import type { Hint, TopologyHints } from '../model/operator.ts';
import type { Settings } from '../probes/settings.ts';

/** Flags and environment first, then what a former run saw at the same cluster. */
export function gatherHints(settings: Settings, remembered: TopologyHints | undefined): TopologyHints {
  const masters: Hint[] = settings.masters.map((address) => ({ address, from: 'flag' }));
  const { etcd } = settings;
  const members: Hint[] = (etcd?.endpoints ?? []).map((address) => ({
    address: address.replace(/^https?:\/\//, ''),
    from: etcd?.from ?? 'flag',
  }));
  return {
    ...(remembered?.platform && { platform: remembered.platform }),
    ...(remembered?.etcd && { etcd: remembered.etcd }),
    masters: [...masters, ...(remembered?.masters ?? [])],
    members: [...members, ...(remembered?.members ?? [])],
  };
}
