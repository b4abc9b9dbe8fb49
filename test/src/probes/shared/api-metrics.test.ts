// Are an API server's histograms summed up without losing what is asked?
import { expect, test } from 'vitest';
import { keepApiMetrics, readApiMetrics } from '../../../../src/probes/shared/api-metrics.ts';

const bucket = (family: string, labels: string, counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([le, count]) => `${family}_bucket{${labels},le="${le}"} ${count}\n`)
    .join('');

const whole = 'apiserver_request_duration_seconds';
const exposition = [
  '# HELP apiserver_request_total x\n',
  'apiserver_request_total{code="200",verb="GET"} 90\napiserver_request_total{code="503",verb="GET"} 10\n',
  'process_start_time_seconds 1.7e9\n',
  bucket(whole, 'verb="GET",scope="resource",resource="pods"', { '0.1': 5, '+Inf': 8 }),
  bucket(whole, 'verb="PUT",scope="resource",resource="leases"', { '0.1': 2, '+Inf': 2 }),
  bucket(whole, 'verb="LIST",scope="cluster",resource="pods"', { '0.1': 0, '+Inf': 3 }),
  bucket(whole, 'verb="LIST",scope="namespace",resource="pods"', { '0.1': 1, '+Inf': 1 }),
  bucket(whole, 'verb="WATCH",scope="cluster",resource="pods"', { '0.1': 0, '+Inf': 900 }),
  bucket(whole, 'verb="GET",scope="resource",resource="pods",subresource="log"', { '0.1': 0, '+Inf': 900 }),
  bucket(whole, 'verb="GET",scope=""', { '0.1': 700, '+Inf': 700 }),
  bucket('apiserver_request_sli_duration_seconds', 'verb="GET",scope="resource"', { '0.1': 8, '+Inf': 8 }),
  bucket('etcd_request_duration_seconds', 'operation="get",type="pods"', { '0.005': 3, '+Inf': 4 }),
  bucket('etcd_request_duration_seconds', 'operation="list",type="pods"', { '0.005': 1, '+Inf': 1 }),
  'apiserver_flowcontrol_nominal_limit_seats{priority_level="leader-election"} 25\n',
  'apiserver_flowcontrol_rejected_requests_total{flow_schema="a",priority_level="leader-election",reason="queue-full"} 2\n',
  'apiserver_flowcontrol_rejected_requests_total{flow_schema="b",priority_level="leader-election",reason="queue-full"} 3\n',
  bucket('apiserver_flowcontrol_request_wait_duration_seconds', 'execute="true",flow_schema="a",priority_level="leader-election"', {
    '0.005': 1,
    '+Inf': 1,
  }),
  'apiserver_longrunning_requests{verb="WATCH",resource="pods"} 7\napiserver_longrunning_requests{verb="WATCH",resource="nodes"} 5\n',
].join('');

test('requests by what may be compared, without what lasts by its nature', () => {
  const metrics = readApiMetrics(keepApiMetrics(exposition));
  expect(metrics).toMatchObject({ requests: 100, serverErrors: 10, terminated: 0, processStart: 1.7e9, longRunning: 12 });
  const edges = ([quick, all]: readonly number[]) => ({ buckets: [{ upTo: 0.1, count: quick }], count: all });
  expect(metrics.times).toEqual([
    { kind: 'single', whole: edges([7, 10]), own: edges([8, 8]) },
    { kind: 'namespace-list', whole: edges([1, 1]) },
    { kind: 'cluster-list', whole: edges([0, 3]) },
  ]);
  expect(metrics.storage).toEqual({ buckets: [expect.objectContaining({ count: 4 })], count: 5 });
  expect(metrics.levels).toEqual([
    { name: 'leader-election', seats: 25, rejected: { 'queue-full': 5 }, waited: { buckets: [{ upTo: 0.005, count: 1 }], count: 1 } },
  ]);
});

test('what is kept reads like what was received, and is short', () => {
  const kept = keepApiMetrics(exposition);
  expect(keepApiMetrics(kept.replaceAll('kind="single"', 'kind="single",verb="GET",scope="resource"'))).toContain(
    'apiserver_request_total',
  );
  expect(kept).not.toMatch(/WATCH|leases|flow_schema/);
});

test('an exposition of an older recording tells less, and one of something else nothing', () => {
  const old = readApiMetrics('apiserver_request_total{code="200"} 5\n');
  expect(old).toEqual({ requests: 5, serverErrors: 0, terminated: 0 });
  expect(() => readApiMetrics('go_goroutines 5\n')).toThrow('apiserver_request_total');
});
