// How is Envoy kept from sending clients to dead servers, or given room for more of them?
import type { Fix } from '../../model/rule.ts';
import { say } from '../../model/sentence.ts';
import { showServers, takeConfig } from './ask-balancer.ts';

export function widenEnvoy(trouble: 'panicking' | 'full'): readonly Fix[] {
  const lines = {
    panicking: 'common_lb_config: {healthy_panic_threshold: {value: 0}}',
    full: 'circuit_breakers: {thresholds: [{max_connections: 8192}]}',
  }[trouble];
  const common = { where: 'lb', needs: [] } as const;
  return [
    { ...common, do: 'See what it thinks of its hosts', run: [showServers.Envoy], risk: 'none', verify: [] },
    {
      ...common,
      do: say('Put into the API’s cluster of envoy.yaml: {lines}', { lines }),
      run: [takeConfig.Envoy],
      risk: 'medium',
      needs: [{ text: 'its clients may lose their connections for a moment', met: 'unknown' }],
      verify: [showServers.Envoy],
      undo: ['take the line out again and restart'],
    },
  ];
}
