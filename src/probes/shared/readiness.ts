// How is an API server asked whether it is ready, and what does it say of its etcd?
import type { RawTry } from '../../sources/source.ts';

/** All checks, one after the other. */
export const readinessPath = '/readyz';
/**
 * All checks but one. Where etcd is silent, `etcd` and `etcd-readiness` both wait for it, 2 s each
 * (--etcd-healthcheck-timeout and --etcd-readycheck-timeout of kube-apiserver), and the second only repeats the first.
 */
export const shortReadinessPath = '/readyz?exclude=etcd-readiness';

/** Whether the answer names a check of etcd that failed. */
export function failsForEtcd({ answer }: RawTry): boolean {
  return answer !== undefined && answer.status >= 500 && /^\[-\]etcd/m.test(answer.body);
}
