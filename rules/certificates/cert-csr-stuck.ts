// Does anybody wait for a certificate that nobody grants?
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { ageAt } from '../../src/judge/readings/age.ts';
import { claimOf } from '../../src/judge/readings/asked-names.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import { type ServerClock, type SigningRequest, tokenPrefix } from '../../src/model/kubernetes.ts';
import type { Cause, Fix, Seen } from '../../src/model/rule.ts';
import { say, type Text } from '../../src/model/sentence.ts';
import { clusterSubject, type Subject } from '../../src/model/subject.ts';
import { keysOn } from '../../src/model/topology.ts';
import { describeDuration } from '../../src/model/time.ts';

type Stuck = 'pending' | 'unsigned' | 'denied' | 'failed';

interface Trouble {
  readonly reason: Stuck;
  readonly words: Text;
  readonly request: SigningRequest;
}

export default defineRule({
  id: 'cert-csr-stuck',
  area: 'certificates',
  since: '0.1.0',
  severity: 'warning',
  impact: 'at-risk',
  layer: 0,
  title: '{asker} waits for a certificate: {words}',
  healthy: 'requests for certificates are granted',
  why: 'A kubelet asks anew every quarter of an hour; when its certificate ends before anybody grants one, its node is lost.',
  shows: [
    '{request}  signer {signer}',
    '  {asker}, {words}',
    'if asked:   asks for {asked}',
    'if foreign:   not to be granted: {foreign}',
    'if message: {message}',
  ],
  folded: 'request {request}: {words}',
  needs: ['kube.signing-requests', 'kube.nodes'],
  limits: {
    pending: { value: 600, unit: 's', source: 'convention: controllers approve within seconds, a person within minutes' },
    unsigned: { value: 300, unit: 's', source: 'convention: the signer in the controller manager answers within seconds' },
  },
  reasons: ['pending', 'unsigned', 'denied', 'failed'],
  subjects: (seen) => {
    const { requests } = seen.get('kube.signing-requests');
    const open = newest(requests).filter(({ state }) => state !== 'issued');
    return open.length === 0 ? [clusterSubject] : open.map((one) => subjectFor(seen, one));
  },
  judge: (seen, limits, subject) => {
    const { requests, clock } = seen.get('kube.signing-requests');
    const own = newest(requests).find((one) => subjectFor(seen, one).id === subject.id);
    if (own === undefined) return pass({ requests: requests.length });
    if (clock === undefined) return undecided('the API server that listed the requests told no time', 'kubectl get csr');
    const trouble = troubleOf(own, clock, limits);
    const { asked, why, belongs } = claimOf(seen, own);
    const waits = own.state === 'pending';
    const facts = {
      request: own.name,
      signer: own.signer,
      requester: own.requester,
      asker: askerOf(own),
      message: own.message,
      asked: waits ? asked : '',
      foreign: waits ? (why ?? '') : '',
      belongs,
    };
    return trouble === undefined ? pass(facts) : fail({ ...facts, words: trouble.words }, { reason: trouble.reason, witness: 'stated' });
  },
  explains: [
    {
      to: 'cert-kubelet',
      kind: 'causes',
      on: 'node',
      because: 'what nobody grants cannot be renewed',
      produces: ['rotation', 'names'],
      unproven: true,
    },
  ],
  fixes: planFor,
  avoid: ({ facts }) =>
    facts['signer'] === 'kubernetes.io/kubelet-serving'
      ? ['approve it blindly: whoever gets it can speak as that node to all who verify it']
      : [],
  reading: ['https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/'],
  errors: ['certificate signing request was not signed', 'timed out waiting for the condition', 'remote error: tls: internal error'],
});

/** Who asks again asks for the same thing: the newest answer counts, and of several that wait the one that has waited longest. */
function newest(requests: readonly SigningRequest[]): readonly SigningRequest[] {
  const byAsker = new Map<string, SigningRequest>();
  const inTime = [...requests].sort((one, other) => (one.createdAt ?? 0) - (other.createdAt ?? 0) || (one.name < other.name ? -1 : 1));
  for (const one of inTime) {
    const asker = keyOf(one);
    const before = byAsker.get(asker);
    if (before?.state !== one.state || one.state === 'issued') byAsker.set(asker, one);
  }
  return [...byAsker.values()];
}

/** A token is no machine: all that join with it ask in its name, each for the name it wants to have. */
function joiningAs({ requester, asks }: SigningRequest): string | undefined {
  if (!requester.startsWith(tokenPrefix) || asks === undefined || 'broken' in asks) return undefined;
  return asks.commonNames.join(' ');
}

/** Of a token's requests that nobody could read each is taken for another machine's. */
function keyOf(request: SigningRequest): string {
  const { signer, requester, name } = request;
  return requester.startsWith(tokenPrefix) ? `${signer}/${requester}/${joiningAs(request) ?? name}` : `${signer}/${requester}`;
}

function askerOf(request: SigningRequest): Text {
  const [name, { requester }] = [joiningAs(request), request];
  return name === undefined ? requester : say('{requester} for {name}', { requester, name });
}

function subjectFor(seen: Seen, request: SigningRequest): Subject {
  const { requester } = request;
  const node = /^system:node:(.+)$/.exec(requester)?.[1];
  const object = `CertificateSigningRequest/${keyOf(request)}`;
  const keys = node === undefined ? {} : keysOn(seen.topology, node);
  return { kind: 'object', id: object, name: node ?? joiningAs(request) ?? requester, keys: { ...keys, object } };
}

function troubleOf(request: SigningRequest, clock: ServerClock, limits: { pending: number; unsigned: number }): Trouble | undefined {
  const { state, createdAt, decidedAt = createdAt } = request;
  const since = (moment: number | undefined): number => (moment === undefined ? 0 : ageAt(moment, clock).low);
  const waited = describeDuration(since(createdAt));
  if (state === 'pending' && since(createdAt) > limits.pending * 1000)
    return { reason: 'pending', request, words: say('nobody has approved it for {waited}', { waited }) };
  if (state === 'approved' && since(decidedAt) > limits.unsigned * 1000)
    return {
      reason: 'unsigned',
      request,
      words: say('approved and not signed for {waited}', { waited: describeDuration(since(decidedAt)) }),
    };
  if (state === 'denied') return { reason: 'denied', request, words: 'it was denied' };
  return state === 'failed' ? { reason: 'failed', request, words: 'the signer failed' } : undefined;
}

function planFor({ verdicts }: Cause): readonly Fix[] {
  return verdicts.flatMap(({ facts, reason }): readonly Fix[] => {
    const [name, requester] = [shellWord(String(facts['request'])), String(facts['requester'])];
    const look: Fix = {
      do:
        facts['asked'] === ''
          ? 'See who asks, and for which names'
          : say('See who asks, and for which names: {asked}', { asked: facts['asked'] as Text }),
      where: 'here',
      run: [
        `kubectl get csr ${name} -o jsonpath='{.spec.username}'`,
        `kubectl get csr ${name} -o jsonpath='{.spec.request}' | base64 -d | openssl req -noout -text | grep -A1 -E 'Subject:|Alternative'`,
      ],
      risk: 'none',
      needs: [],
      verify: [],
    };
    if (reason === 'unsigned')
      return [
        look,
        {
          ...look,
          do: 'See whether the signer runs: the leading controller manager signs',
          run: [
            'kubectl -n kube-system get lease kube-controller-manager',
            'kubectl -n kube-system logs -l component=kube-controller-manager --tail 50',
          ],
        },
      ];
    if (reason !== 'pending') return [look];
    const belongs = facts['belongs'];
    if (belongs === 'no')
      return [
        look,
        {
          do: say('Deny it once you know who asks: {why}', { why: facts['foreign'] as Text }),
          where: 'here',
          run: [`kubectl certificate deny ${name}`],
          risk: 'low',
          needs: [{ text: say('nobody set {requester} up with these names', { requester }), met: 'unknown' }],
          verify: [`kubectl get csr ${name}   # Denied`],
        },
      ];
    return [
      look,
      {
        do: 'Approve it',
        where: 'here',
        run: [`kubectl certificate approve ${name}`],
        risk: 'low',
        needs: [
          { text: say('it asks for names and addresses of {requester} alone', { requester }), met: belongs === 'yes' ? 'yes' : 'unknown' },
          { text: 'that machine is one of yours', met: 'unknown' },
        ],
        verify: [`kubectl get csr ${name}   # Approved,Issued`],
      },
    ];
  });
}
