// Which sentences do the rules of the hand-written reports have?
import type { RuleTexts } from '../../../../src/locales/locale.ts';

const texts: Readonly<Record<string, Partial<RuleTexts>>> = {
  'etcd-quorum-lost': {
    why: 'Every API read and write fails. Running Pods keep running; nothing is scheduled, healed, scaled or renewed until one more voter is back.',
    title: 'etcd has lost its quorum: {alive} of {voters} voters alive, {needed} needed ({down} down)',
    healthy: 'a majority of the etcd voters serves',
    shows: ['each members: {name} {address}  {says}  {id}', 'if judgement: {judgement}'],
  },
  'etcd-member-down': { folded: 'refused' },
  'api-readyz-etcd': { folded: '/readyz {status}: {checks} failed' },
  'api-master-unreachable': { folded: '{how}' },
  'api-all-masters-down': { folded: '{ready} of {masters} ready' },
  'api-lb-unreachable': { folded: '{address} {how}' },
  'cert-leaf-expired': {
    why: 'kubectl, kubelets and controllers that reach m2 get x509 errors and retry; m1 and m3 serve. Open connections to m2 live until they break.',
    title: '{name} serves an expired API-server certificate: {share} connections fails',
    healthy: 'every certificate that is served is within its dates',
    shows: [
      '{name} {address}  role {role}     serial {serial}   sha256 {sha256}',
      '   ended {ended}, {ago} by the clocks of {witnesses}',
      'each others: {name}  end {end}  {rest}',
      'if clocks: {clocks}',
    ],
  },
  'lb-check-disagrees': { folded: 'HAProxy {server} UP (L7OK/200), clients refuse' },
  'lb-check-too-shallow': { title: "the check says 'verify none', so HAProxy cannot see an expired leaf" },
  'cert-operator-expiring': { title: 'your own client certificate ends in {days} days' },
};

/** A lookup like the one made from the rules themselves. */
export function sampleTexts(rule: string): RuleTexts {
  return { title: rule, healthy: `${rule} holds`, why: '', shows: [], folded: '', ...texts[rule] };
}
