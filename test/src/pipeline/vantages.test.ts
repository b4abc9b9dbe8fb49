// Does the report say from where the cluster was looked at, and why nothing could be asked in the operator's name?
import { expect, test } from 'vitest';
import type { Gap } from '../../../src/model/evidence.ts';
import { listVantages } from '../../../src/pipeline/vantages.ts';
import { healthyWorld, type World } from '../../kit/world.ts';

const lists = ['kube.nodes', 'kube.leases', 'kube.control-plane-pods', 'lb.credential'] as const;
const plugin: Gap = {
  gap: 'failed',
  detail: 'The credential plugin corp-login failed with exit code 3: log in first.',
  howToGet: 'kubectl auth whoami',
};

function api(world: World) {
  return listVantages(world.evidence, world.topology).find((vantage) => vantage.name === 'Kubernetes API');
}

test('all lists, some, or none', () => {
  expect(api(healthyWorld())).toEqual({ name: 'Kubernetes API', reached: 'yes', detail: '3 of 3 lists' });
  expect(api(healthyWorld().missing('kube.leases'))).toEqual({ name: 'Kubernetes API', reached: 'partly', detail: '2 of 3 lists' });
});

test('a credential that could not be had is told in its own words', () => {
  const world = lists.reduce((seen, id) => seen.missing(id, undefined, plugin), healthyWorld());
  expect(api(world)).toMatchObject({ reached: 'no', why: plugin.detail });
});

test('an API that refuses the credential, or is silent, is not our failure', () => {
  const refused = healthyWorld().missing('kube.nodes', undefined, { detail: 'The API servers do not accept the credential (HTTP 401).' });
  expect(api(refused)).not.toHaveProperty('why');
  const silent = lists.reduce((seen, id) => seen.missing(id, undefined, { ...plugin, through: 'lb/10.89.0.10:8443' }), healthyWorld());
  expect(api(silent)).not.toHaveProperty('why');
});
