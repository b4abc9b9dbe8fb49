// How does an Nginx of the lab pass TLS on to the API servers?
import { loadBalancerPort } from './topology.ts';
import type { NodePlan } from './topology.ts';

export const nginxConfigFile = '/etc/nginx/nginx.conf';
/** Where stub_status answers. */
export const nginxStatusPort = 8405;

/** nginx.conf: a stream with passive checks, which are all that Nginx has without its commercial edition. */
export function nginxConfig(masters: readonly NodePlan[]): string {
  return [
    'user root;',
    'load_module /usr/lib/nginx/modules/ngx_stream_module.so;',
    'error_log stderr;',
    'pid /run/nginx.pid;',
    'events {',
    '  worker_connections 1024;',
    '}',
    'stream {',
    '  upstream masters {',
    ...masters.map((master) => `    server ${master.address}:6443 max_fails=1 fail_timeout=10s;`),
    '  }',
    '  server {',
    `    listen ${loadBalancerPort};`,
    '    proxy_connect_timeout 2s;',
    '    proxy_timeout 1h;',
    '    proxy_pass masters;',
    '  }',
    '}',
    'http {',
    '  access_log off;',
    '  server {',
    `    listen ${nginxStatusPort};`,
    '    location /nginx_status {',
    '      stub_status;',
    '    }',
    '  }',
    '}',
    '',
  ].join('\n');
}
