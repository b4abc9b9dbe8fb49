// Do extension API servers believe the certificate that API servers come with?
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { planToReissue } from '../../src/judge/plans/reissue-certificate.ts';
import { certificateNeeds } from '../../src/judge/readings/certificate.ts';
import { type FileEvidence, fileSets, roleFilesIn } from '../../src/judge/readings/certificate-files.ts';
import type { CertificateFile } from '../../src/model/here.ts';
import type { PublishedTrust } from '../../src/model/kubernetes.ts';
import type { Seen } from '../../src/model/rule.ts';
import { say, type Text } from '../../src/model/sentence.ts';

const role = 'front-proxy-client';

interface Flaw {
  readonly reason: 'authority' | 'name';
  readonly words: Text;
}

export default defineRule({
  id: 'cert-front-proxy-trust',
  area: 'certificates',
  since: '0.1.0',
  severity: 'warning',
  impact: 'degraded',
  layer: 0,
  final: true,
  title: 'extension API servers do not believe {node}’s front-proxy certificate: {words}',
  healthy: 'extension API servers believe the front proxy',
  why: 'Every request to an aggregated API that comes by this master is refused: kubectl top, autoscaling by metrics, and whatever else is served so.',
  shows: ['{node} {path}', '  {subject}, signed by {issuer}', '  {words}'],
  folded: 'front-proxy certificate: {words}',
  needs: [...certificateNeeds, 'kube.trust', 'kube.api-services'],
  limits: {},
  reasons: ['authority', 'name'],
  // What extension API servers believe is one thing for the whole cluster.
  subjects: () => [{ kind: 'cluster', id: 'front-proxy', name: 'front proxy', keys: {} }],
  judge: (seen) => {
    const trust = seen.get('kube.trust');
    const found = proxiesIn(seen);
    if (found.length === 0) seen.get('here.files');
    const flawed = found.flatMap(({ node, file }) => {
      const flaw = flawOf(file, trust);
      return flaw === undefined ? [] : [{ node, file, flaw }];
    });
    const [worst] = flawed;
    if (worst !== undefined) {
      const { node, file, flaw } = worst;
      const facts = { node, path: file.path, subject: file.certificate.subject, issuer: file.certificate.issuer, words: flaw.words, role };
      return fail(facts, { reason: flaw.reason, severity: apisFail(seen) ? 'critical' : 'warning', witness: 'stated' });
    }
    if (found.length === 0 || found.some(({ file }) => file.signedBy === undefined))
      return undecided('no front-proxy certificate was read', 'run ha-doctor on a master, as root, or --pki-dir <node>=<folder>');
    return pass({ nodes: found.map(({ node }) => node).join(', ') });
  },
  explains: [
    {
      to: 'api-aggregated-unavailable',
      kind: 'causes',
      on: 'cluster',
      because: 'extension API servers refuse whom they do not believe',
      produces: ['refused', 'other'],
      unproven: true,
    },
  ],
  fixes: ({ facts, verdicts }, seen) =>
    verdicts.length === 0
      ? []
      : [
          planToReissue({ node: String(facts['node']), role, where: String(facts['path']), served: false, look: '-issuer -subject' }, seen),
          {
            do: 'Let extension API servers read the authority again: they read it when they start',
            where: 'here',
            run: ['kubectl -n kube-system rollout restart deployment metrics-server   # and the others that kubectl get apiservices names'],
            risk: 'low',
            needs: [],
            verify: ['kubectl get apiservices'],
          },
        ],
  avoid: () => ['use the Kubernetes authority for the front proxy: whoever it signed could then speak as anybody'],
  reading: ['https://kubernetes.io/docs/tasks/extend-kubernetes/configure-aggregation-layer/'],
  errors: ['x509: certificate signed by unknown authority', 'no client certificate CA names sent', 'Unauthorized'],
});

function proxiesIn(seen: Seen<FileEvidence>): readonly { readonly node: string; readonly file: CertificateFile }[] {
  return fileSets(seen).flatMap((set) =>
    roleFilesIn(set)
      .filter((one) => one.role === role)
      .flatMap(({ node, files }) => files.slice(0, 1).map((file) => ({ node, file }))),
  );
}

/** By signature: the authority beside the file that signed it has to be one of those that are published. */
function flawOf({ certificate, signedBy }: CertificateFile, trust: PublishedTrust): Flaw | undefined {
  const published = trust.frontProxy.map(({ sha256 }) => sha256);
  if (published.length === 0) return { reason: 'authority', words: 'no authority for it is published' };
  const byKey = trust.frontProxy.some(({ keyId }) => keyId !== undefined && keyId === certificate.authorityKeyId);
  if (signedBy !== undefined && !signedBy.some((one) => published.includes(one)) && !(signedBy.length === 0 && byKey))
    return { reason: 'authority', words: 'its authority is not the published one' };
  const name = /CN=([^,]+)/.exec(certificate.subject)?.[1] ?? '';
  if (trust.frontProxyNames.length === 0 || trust.frontProxyNames.includes(name)) return undefined;
  return {
    reason: 'name',
    words: say('{name} is none of the names it may bear ({names})', { name, names: trust.frontProxyNames.join(', ') }),
  };
}

function apisFail(seen: Seen<'kube.api-services'>): boolean {
  const item = seen.peek('kube.api-services');
  return item?.state === 'known' && item.value.services.some((one) => one.service !== undefined && one.available === 'False');
}
