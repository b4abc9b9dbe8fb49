// Which things that are no decent Kubernetes API does the command meet in tests?
import type { RequestListener } from 'node:http';
import { answering, status } from '../src/sources/kit/api.ts';

export const html: RequestListener = (_request, response) => {
  response.writeHead(200, { 'content-type': 'text/html' });
  response.end('<!DOCTYPE html><html><body><h1>Welcome to nginx!</h1></body></html>\n');
};

/** As an API says it, but with a body that no JSON parser takes. */
export const brokenJson: RequestListener = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end('{"kind": "NodeList", "items": [{"metadata": ');
};

/** JSON, but nothing in it is of the kind that belongs there. */
export const wrongShapes = answering(200, { kind: 7, items: 'none', metadata: [], gitVersion: {}, resourceVersion: null });

/** Clears the screen, renames the window, turns the direction of writing round, and hides what it says in C1 controls. */
export const escapes = '\u001b[2J\u001b]0;owned\u0007\u202e\u009b31mHEALTHY\u0000\r';
export const evil = `evil${escapes.replace('HEALTHY', 'fine')}`;

/** Answers everything an API server has with its own marks in every text. */
export const commanding: RequestListener = (request, response) => {
  const path = request.url ?? '';
  if (path.startsWith('/readyz') || path.startsWith('/livez')) return plain(response, 500, `[-]etcd ${evil} failed\nreadyz check failed`);
  if (path.startsWith('/version')) return answering(200, { major: '1', minor: '34', gitVersion: `v1.34.0${evil}` })(request, response);
  if (path.startsWith('/api/v1/nodes')) return answering(200, nodeList())(request, response);
  return status(500, `etcdserver: ${evil}`)(request, response);
};

function nodeList(): unknown {
  const conditions = [
    {
      type: 'Ready',
      status: 'False',
      reason: evil,
      message: evil,
      lastHeartbeatTime: '2026-01-01T00:00:00Z',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    },
  ];
  const labels = { 'node-role.kubernetes.io/control-plane': '', 'kubernetes.io/hostname': evil };
  const items = [evil, 'plain'].map((name) => ({
    metadata: { name, uid: name, labels, annotations: { note: evil } },
    spec: { unschedulable: true, taints: [{ key: evil, effect: 'NoSchedule' }] },
    status: { conditions, addresses: [{ type: 'InternalIP', address: '127.0.0.1' }], nodeInfo: { kubeletVersion: evil, osImage: evil } },
  }));
  return { kind: 'NodeList', apiVersion: 'v1', metadata: { resourceVersion: '1' }, items };
}

/** In good health, but this credential may ask for nothing. */
export const forbidding: RequestListener = (request, response) => {
  const path = request.url ?? '';
  if (/^\/(readyz|livez|healthz)/.test(path)) return plain(response, 200, 'ok');
  if (path.startsWith('/version')) return answering(200, { major: '1', minor: '34', gitVersion: 'v1.34.0' })(request, response);
  return status(403, `forbidden: User "nobody" cannot get path "${path.split('?')[0]}"`)(request, response);
};

function plain(response: Parameters<RequestListener>[1], code: number, text: string): void {
  response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(text);
}
