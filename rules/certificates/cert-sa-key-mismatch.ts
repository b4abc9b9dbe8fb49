// Do all API servers accept service accounts' tokens by the same keys?
import { isKubeadm } from '../../src/judge/readings/component-home.ts';
import { defineRule, fail, notApplicable, pass, undecided } from '../../src/judge/define-rule.ts';
import { besideFolder, deleteCopies, keepCopy, keptCopy, putBack } from '../../src/judge/plans/exchange-files.ts';
import { restartOf } from '../../src/judge/plans/reissue-certificate.ts';
import { mastersOf } from '../../src/judge/readings/api-server.ts';
import { type FileEvidence, fileNeeds, fileSets } from '../../src/judge/readings/certificate-files.ts';
import { sideOf } from '../../src/judge/readings/odd-one.ts';
import { keyPairsIn } from '../../src/judge/readings/key-pairs.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import type { Cause, Fix, Seen } from '../../src/model/rule.ts';
import { say } from '../../src/model/sentence.ts';
import type { Master } from '../../src/model/topology.ts';

type Needs = 'api.token-keys' | FileEvidence;

export default defineRule({
  id: 'cert-sa-key-mismatch',
  area: 'certificates',
  since: '0.1.0',
  severity: 'critical',
  impact: 'degraded',
  layer: 0,
  final: true,
  title: '{words}',
  healthy: 'all API servers accept the same service-account keys',
  why: 'Pods get 401 from this master and not from the others, so that their errors come and go with the connection.',
  shows: ['{node}  {own}', '{others}  {theirs}', 'if signing: {signing}'],
  folded: 'other service-account keys',
  needs: ['api.token-keys', ...fileNeeds],
  limits: {},
  reasons: ['differs', 'undecided', 'signer', 'rotation'],
  subjects: (seen) => mastersOf(seen).map((master) => master.subject),
  judge: (seen, _limits, subject) => {
    const masters = mastersOf(seen);
    const own = keysOf(seen, subject);
    const others = masters.filter((one) => one.subject.id !== subject.id);
    const known = others.flatMap((one) => {
      const keys = peekKeys(seen, one);
      return keys === undefined ? [] : [{ name: one.subject.name, keys }];
    });
    const key = signingKey(seen, subject.keys.node ?? subject.name);
    const refusing = key === undefined ? [] : [{ name: subject.name, keys: own }, ...known].filter(({ keys }) => !keys.includes(key));
    const signing =
      key === undefined || refusing.length === 0
        ? ''
        : say('{node} signs tokens with {key}, not accepted by {names}', { node: subject.name, key, names: namesOf(refusing) });
    const facts = { node: subject.name, own: own.join(', '), signing };
    const odd = known.filter(({ keys }) => keys.join() !== own.join());
    const side = sideOf({ others: known.length, different: odd.length });
    if (side !== 'most') {
      const shared = odd.every(({ keys }) => keys.some((one) => own.includes(one)));
      const others = namesOf(odd);
      const words = say('{node} accepts other service-account keys than {others}', { node: subject.name, others });
      const theirs = { others, theirs: odd[0]?.keys.join(', ') ?? '', words };
      // Old and new side by side, one master after the other: that is how keys are exchanged.
      if (shared) return fail({ ...facts, ...theirs }, { reason: 'rotation', severity: 'info', witness: 'stated' });
      return fail({ ...facts, ...theirs }, { reason: side === 'odd' ? 'differs' : 'undecided', witness: 'stated' });
    }
    // Most API servers accept what this one does, so that it is the key that signs here which is out of place.
    if (key !== undefined && !own.includes(key)) {
      const others = namesOf(known) || subject.name;
      const words = say('{node} signs service-account tokens with a key that the API server beside it does not accept', {
        node: subject.name,
      });
      return fail({ ...facts, words, others, theirs: own.join(', ') }, { reason: 'signer', witness: 'stated' });
    }
    if (others.length === 0) return notApplicable('there is one API server only');
    if (known.length < others.length) {
      const [silent] = others.filter((one) => peekKeys(seen, one) === undefined);
      if (silent !== undefined) seen.get('api.token-keys', silent.subject);
      return undecided('the keys of another API server are not known', 'kubectl get --raw /openid/v1/jwks');
    }
    return pass(facts);
  },
  explains: [
    {
      to: 'api-credential-rejected',
      kind: 'hints',
      on: 'cluster',
      because: 'a token of a service account is accepted by some API servers only',
    },
    { to: 'api-aggregated-unavailable', kind: 'hints', on: 'cluster', because: 'extension API servers log in with such tokens' },
  ],
  fixes: planFor,
  avoid: () => ['make a new sa.key: every token that was ever handed out ends with the old one'],
  reading: ['https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#service-account-issuer-discovery'],
  errors: ['invalid bearer token', 'Unable to authenticate the request', 'square/go-jose: error in cryptographic primitive'],
});

function keysOf(seen: Seen<Needs>, subject: Master['subject']): readonly string[] {
  return seen.get('api.token-keys', subject).keys;
}

function peekKeys(seen: Seen<Needs>, { subject }: Master): readonly string[] | undefined {
  const item = seen.peek('api.token-keys', subject);
  return item?.state === 'known' ? item.value.keys : undefined;
}

/** What the controller manager of a machine signs with, where its files were seen. Identifiers are digests of the public key. */
function signingKey(seen: Seen<Needs>, node: string): string | undefined {
  const set = fileSets(seen).find((one) => one.node === node);
  const digest = set === undefined ? undefined : keyPairsIn(set).find(({ role }) => role === 'sa')?.key?.publicKey;
  return digest === undefined ? undefined : identifierOf(digest);
}

function namesOf(all: readonly { readonly name: string }[]): string {
  return all.map(({ name }) => name).join(', ');
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** As kube-apiserver names its keys: base64url of the digest (pkg/serviceaccount/jwt.go keyIDFromPublicKey). */
function identifierOf(hex: string): string {
  const bits = [...hex].map((digit) => Number.parseInt(digit, 16).toString(2).padStart(4, '0')).join('');
  return (bits.match(/.{1,6}/g) ?? []).map((six) => letters[Number.parseInt(six.padEnd(6, '0'), 2)]).join('');
}

function planFor({ verdicts }: Cause, seen: Seen): readonly Fix[] {
  return verdicts.flatMap(({ facts, subject, reason }): readonly Fix[] => {
    if (reason === 'rotation') return [];
    const node = subject.name;
    const [from = ''] = String(facts['others']).split(', ');
    const look: Fix = {
      do: 'Find out which key the pods’ tokens are signed with: that one has to stay',
      where: 'here',
      run: seen.topology.masters.map((master) => `kubectl --server ${shellWord(`https://${master.subject.id}`)} get --raw /openid/v1/jwks`),
      risk: 'none',
      needs: [],
      verify: [],
    };
    if (!isKubeadm(seen) || reason === 'undecided' || from === node) return [look];
    const beside = besideFolder(seen);
    return [
      look,
      {
        do: say('Bring the keys of {from} to {node}, and start both that read them anew', { from, node }),
        where: node,
        run: [
          keepCopy(seen),
          `mkdir -p -m 700 ${beside} && scp ${shellWord(`root@${from}:/etc/kubernetes/pki/sa.key`)} ${shellWord(`root@${from}:/etc/kubernetes/pki/sa.pub`)} ${beside}/`,
          `openssl pkey -in ${beside}/sa.key -pubout | cmp - ${beside}/sa.pub && test -e ${keptCopy(seen)} && mv -f ${beside}/sa.key ${beside}/sa.pub /etc/kubernetes/pki/`,
          restartOf('kube-apiserver'),
          restartOf('kube-controller-manager'),
        ],
        risk: 'medium',
        needs: [{ text: say('the keys of {from} are the right ones', { from }), met: 'unknown' }],
        verify: [
          `kubectl --server ${shellWord(`https://${subject.id}`)} get --raw /openid/v1/jwks`,
          ...deleteCopies(seen, 'kept', 'beside'),
        ],
        undo: [putBack(seen, 'pki/sa.key', 'pki/sa.pub'), restartOf('kube-apiserver'), restartOf('kube-controller-manager')],
      },
    ];
  });
}
