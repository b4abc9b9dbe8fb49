// Is any of the leases still written that a webhook has to be asked about?
import type { LeaseSeen } from '../../model/kubernetes.ts';
import type { Seen } from '../../model/rule.ts';
import { ageAt } from './age.ts';

export type LeaseLists = 'kube.leases' | 'kube.node-leases';

/** Seconds: identity leases of API servers last an hour and say nothing sooner. */
const brief = 60;

/** Two that stand still at once have one reason. */
const fewest = 2;

/**
 * Whether all of the leases in these lists have stood still for so long, by when API servers stored them: `no` where one was
 * written since, undefined where there are too few to tell.
 */
export function standStill(seen: Seen<LeaseLists>, lists: readonly LeaseLists[], milliseconds: number): boolean | undefined {
  const ages = lists.flatMap((id) => {
    const item = seen.peek(id);
    if (item?.state !== 'known' || item.value.clock === undefined) return [];
    const { leases, clock } = item.value;
    return leases.filter(isRenewedOften).flatMap(({ storedAt, renewedAt }) => {
      const at = storedAt ?? renewedAt;
      return at === undefined ? [] : [ageAt(at, clock).low];
    });
  });
  if (ages.some((age) => age <= milliseconds)) return false;
  return ages.length < fewest ? undefined : true;
}

function isRenewedOften({ holder, durationSeconds }: LeaseSeen): boolean {
  return holder !== '' && durationSeconds <= brief;
}
