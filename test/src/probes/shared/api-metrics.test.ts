// Are an API server's histograms summed up without losing what is asked?
import { expect, test } from 'vitest';
import { keepApiMetrics, readApiMetrics } from '../../../../src/probes/shared/api-metrics.ts';

const bucket = (family: string, labels: string, counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([le, count]) => `${family}_bucket{${labels},le="${le}"} ${count}\n`)
    .join('');

const whole = 'apiserver_request_duration_seconds';
const said = (code: string): string => `operation="UPDATE",rejection_code="${code}",type="validating"`;
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
  'apiserver_admission_webhook_request_total{code="200",name="a.x",operation="CREATE",rejected="false",type="validating"} 5\n',
  'apiserver_admission_webhook_request_total{code="200",name="a.x",operation="UPDATE",rejected="false",type="validating"} 2\n',
  'apiserver_admission_webhook_request_total{code="503",name="a.x",operation="UPDATE",rejected="true",type="validating"} 4\n',
  'apiserver_admission_webhook_request_total{code="503",name="b.x",operation="UPDATE",rejected="false",type="admit"} 6\n',
  `apiserver_admission_webhook_rejection_count{error_type="no_error",name="a.x",${said('403')}} 1\n`,
  `apiserver_admission_webhook_rejection_count{error_type="calling_webhook_error",name="a.x",${said('503')}} 4\n`,
  `apiserver_admission_webhook_rejection_count{error_type="apiserver_internal_error",name="a.x",${said('0')}} 9\n`,
  'apiserver_admission_webhook_fail_open_count{name="b.x",type="admit"} 6\n',
  'apiserver_crd_conversion_webhook_duration_seconds_count{crd_name="t.x",from_version="v1",succeeded="true",to_version="v2"} 8\n',
  'apiserver_crd_webhook_conversion_duration_seconds_count{crd_name="u.x",from_version="v1",succeeded="false",to_version="v2"} 3\n',
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

test('calls of webhooks by how they ended, a no being an answer', () => {
  expect(readApiMetrics(keepApiMetrics(exposition)).calls).toEqual([
    { kind: 'validating', to: 'a.x', answered: 8, failed: 4 },
    { kind: 'admit', to: 'b.x', answered: 0, failed: 6 },
    { kind: 'conversion', to: 'u.x', answered: 0, failed: 3 },
    { kind: 'conversion', to: 't.x', answered: 8, failed: 0 },
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
