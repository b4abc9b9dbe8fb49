// How many connections did Nginx take, and did it have to drop any?
import type { NginxStatus } from '../../model/balancer.ts';
import { defineProbe } from '../probe.ts';
import { gap } from '../shared/gaps.ts';
import { cleanLine } from '../shared/text.ts';
import { getPage } from '../shared/web-page.ts';

const howToGet = '--nginx-status <URL of stub_status>';

export default defineProbe({
  id: 'lb.nginx',
  title: 'Nginx’s counters',
  why: 'Connections that were accepted and not handled were dropped at a limit of Nginx’s own.',
  reads: [],
  after: [],
  again: 'more',
  timeoutMs: 5000,
  gather: async (_subject, around) => {
    const { nginxStatus } = around.settings;
    if (nginxStatus === undefined) throw gap('not-collected', 'no status page of Nginx was named', howToGet);
    const one = await getPage(around, new URL(nginxStatus));
    if (one.answer?.status === 200) return { raw: one.answer.body, source: 'stub_status' };
    const came = one.answer === undefined ? (one.failure?.detail ?? 'no answer') : `status ${one.answer.status}`;
    throw gap('failed', `Nginx’s status page did not come: ${cleanLine(came, 160)}`, howToGet);
  },
  read,
});

/** The four lines of ngx_http_stub_status_module. */
function read(raw: string): NginxStatus {
  const match = /^Active connections: (\d{1,12})\s+server accepts handled requests\s+(\d{1,15}) (\d{1,15}) (\d{1,15})/.exec(
    raw.trimStart(),
  );
  if (match === null) throw new Error(`the answer is not Nginx’s status page: it begins with “${cleanLine(raw.slice(0, 200), 60)}”`);
  const [active = 0, accepted = 0, handled = 0, requests = 0] = match.slice(1).map(Number);
  return { active, accepted, handled, requests };
}
