// May whoever asks for a certificate have it, by the names it asks for?
import type { SigningRequest } from '../../model/kubernetes.ts';
import type { Certainty, Seen } from '../../model/rule.ts';
import { say, type Text } from '../../model/sentence.ts';
import { isAddress, shortAddress } from './certificate-names.ts';

const nodePrefix = 'system:node:';
const nodeGroup = 'system:nodes';
/** Whoever bears it may do anything, and nothing takes it back but a new authority. */
const mightiest = 'system:masters';

export interface Claim {
  /** `no`: it must not be granted. `unknown`: somebody has to compare. */
  readonly belongs: Certainty;
  /** Subject and alternative names, or why they cannot be read; empty where nobody looked. */
  readonly asked: Text;
  /** What speaks against it. */
  readonly why?: Text;
}

/** By kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests: what the signers of kubelets permit. */
export function claimOf(seen: Seen<'kube.nodes'>, request: SigningRequest): Claim {
  const { asks, signer, requester } = request;
  if (asks === undefined) return { belongs: 'unknown', asked: '' };
  if ('broken' in asks) return { belongs: 'unknown', asked: say('what could not be read ({broken})', { broken: asks.broken }) };
  const { subject, names, addresses, others, organisations, commonNames } = asks;
  const all = [...names, ...addresses, ...others];
  const asked = say('{subject}; {names}', { subject, names: all.length === 0 ? 'no names' : all.join(', ') });
  const refuse = (why: Text): Claim => ({ belongs: 'no', asked, why });
  if (organisations.includes(mightiest)) return refuse(say('it asks for the rights of {group}', { group: mightiest }));
  const serves = signer === 'kubernetes.io/kubelet-serving';
  if (!serves && signer !== 'kubernetes.io/kube-apiserver-client-kubelet') return { belongs: 'unknown', asked };
  const [commonName = '', ...more] = commonNames;
  if (more.length > 0 || !commonName.startsWith(nodePrefix) || organisations.join() !== nodeGroup)
    return refuse(say('its subject is not that of a node: {subject}', { subject }));
  const isNode = requester.startsWith(nodePrefix);
  if ((isNode || serves) && commonName !== requester)
    return refuse(say('{requester} asks for a certificate of {name}', { requester, name: commonName }));
  if (others.length > 0) return refuse(say('no kubelet has names of this kind: {names}', { names: others.join(', ') }));
  if (!serves)
    return all.length > 0
      ? refuse(say('a login bears no names: {names}', { names: all.join(', ') }))
      : { belongs: isNode ? 'yes' : 'unknown', asked };
  if (all.length === 0) return refuse('it asks for no name and no address');
  return withForeign(seen, commonName.slice(nodePrefix.length), all, asked);
}

/** A kubelet asks for what its own node lists (addressesToHostnamesAndIPs in kubernetes pkg/kubelet/certificate/kubelet.go). */
function withForeign(seen: Seen<'kube.nodes'>, name: string, all: readonly string[], asked: Text): Claim {
  const list = seen.peek('kube.nodes');
  if (list?.state !== 'known') return { belongs: 'unknown', asked };
  const node = list.value.nodes.find((one) => one.name === name);
  if (node === undefined) return { belongs: 'no', asked, why: say('there is no node {name}', { name }) };
  const own = new Set([name, ...node.internalAddresses, ...node.externalAddresses, ...node.hostNames].map(plain));
  const foreign = all.filter((one) => !own.has(plain(one)));
  if (foreign.length === 0) return { belongs: 'yes', asked };
  return { belongs: 'no', asked, why: say('the node {name} does not have {names}', { name, names: foreign.join(', ') }) };
}

function plain(host: string): string {
  return isAddress(host) ? shortAddress(host) : host.toLowerCase();
}
