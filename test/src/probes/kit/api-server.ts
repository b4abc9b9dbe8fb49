// An HTTPS server that answers as the test says.
import https from 'node:https';
import type http from 'node:http';
import { type Patient, serve } from '../../sources/kit/patients.ts';
import type { Authority, Issued } from './authority.ts';

export interface Said {
  readonly status: number;
  readonly body: string;
  readonly after?: number;
}

/** `clients`: the authority whose certificates count as a login; a request shows whether it had one. */
export function apiServer(own: Issued, answer: (path: string, hasLogin: boolean) => Said, clients?: Authority): Promise<Patient> {
  const options = {
    cert: own.certificate,
    key: own.key,
    ...(clients && { ca: clients.own.certificate, requestCert: true, rejectUnauthorized: false }),
  };
  const server = https.createServer(options, (request: http.IncomingMessage, response) => {
    const hasLogin = 'authorized' in request.socket && request.socket.authorized === true;
    const said = answer(request.url ?? '', hasLogin);
    setTimeout(() => response.writeHead(said.status, { 'content-type': 'application/json' }).end(said.body), said.after ?? 0);
  });
  return serve(server);
}
