// Worlds in which the API servers, or whom they have to ask, are set up wrongly.
import { answered, healthyWorld, now, type World } from './world.ts';

export const apiWorlds: Readonly<Record<string, () => World>> = {
  'a webhook nobody answers stands before leases': () =>
    healthyWorld()
      .set('kube.webhooks', undefined, {
        webhooks: [
          {
            kind: 'ValidatingWebhookConfiguration',
            configuration: 'm1',
            name: 'm2.api',
            failClosed: true,
            timeoutSeconds: 5,
            service: { namespace: 'm3', name: 'm1', port: 443 },
            rules: [{ groups: ['coordination.k8s.io'], resources: ['leases'], operations: ['UPDATE'] }],
            namespaces: [],
            narrowed: false,
          },
        ],
      })
      .set('kube.service-backends', undefined, { backends: [{ namespace: 'm3', name: 'm1', ready: 0 }] }),
  'nobody stands behind an aggregated API': () =>
    healthyWorld()
      .set('kube.api-services', undefined, (old) => ({
        ...old,
        services: [
          {
            name: 'm1',
            service: { namespace: 'm3', name: 'm2', port: 443 },
            available: 'False',
            reason: 'MissingEndpoints',
            message: 'endpoints for service/m2 in "m3" have no addresses',
            since: now - 3_600_000,
          },
        ],
      }))
      .set('kube.service-backends', undefined, { backends: [{ namespace: 'm3', name: 'm2', ready: 0 }] }),
  'an API server lets nobody ask without a login': () =>
    healthyWorld()
      .set('api.ready', 'm2', { tries: [answered('m2', 401)] })
      .set('lb.stats', undefined, (old) => ({
        rows: old.rows.map((row) => (row.server === 'm2' ? { ...row, status: 'DOWN', checkStatus: 'L7STS', checkCode: 401 } : row)),
      })),
  'API servers that tell strangers nothing about their health serve': () => {
    const world = healthyWorld();
    for (const node of ['m1', 'm2', 'm3']) world.set('api.ready', node, { tries: [answered(node, 403)], login: answered(node, 200, 'ok') });
    return world
      .set('lb.tries', undefined, ({ tries }) => ({
        tries: tries.map((one) => ({ ...one, outcome: { kind: 'answered', status: 403, body: '' } })),
      }))
      .set('lb.stats', undefined, ({ rows }) => ({
        rows: rows.map((row) => (row.type === 'server' ? { ...row, checkStatus: 'L4OK' } : row)),
      }));
  },
  'releases are too far apart': () => healthyWorld().set('api.release', 'm2', { gitVersion: 'v1.37.0' }),
};
