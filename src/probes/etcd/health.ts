// Does one member call itself healthy?
import * as z from 'zod';
import type { EtcdHealth } from '../../model/etcd.ts';
import { defineProbe } from '../probe.ts';
import { askMetricsPath, forwardAccess } from '../shared/etcd-ask.ts';
import { rawMember, silenceOf } from '../shared/etcd-read.ts';
import { memberOf } from '../shared/gaps.ts';
import { checkShape, optionalLine, parseJson } from '../shared/json.ts';
import { parseRaw } from '../shared/raw.ts';
import { bestTry } from '../shared/window.ts';

const what = 'the member’s health';
const health = z.object({ health: z.enum(['true', 'false']), reason: optionalLine });

export default defineProbe({
  id: 'etcd.health',
  title: 'a member’s own health check',
  why: 'Names a lost leader or an alarm in etcd’s own words.',
  reads: forwardAccess,
  after: [],
  afterWithoutEtcd: ['kube.may-port-forward', 'kube.control-plane-pods'],
  timeoutMs: 9000,
  gather: (subject, around) => askMetricsPath(memberOf(subject, around.topology), '/health', around),
  read: (raw): EtcdHealth => {
    const { tries } = parseRaw(raw, rawMember);
    const best = bestTry(tries);
    // etcd answers 200 with health true, 503 with health false; nothing else is its health check.
    if (best?.answer?.status !== 200 && best?.answer?.status !== 503) return silenceOf(tries);
    const said = checkShape(health, parseJson(best.answer.body, what), what);
    return said.health === 'true' ? { kind: 'healthy' } : { kind: 'unhealthy', reason: said.reason };
  },
});
