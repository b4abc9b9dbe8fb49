// Which parts of the API are served by somebody else: aggregated APIs and admission webhooks?
import type { CertificateSeen } from './network.ts';

/** The authorities an API server holds for somebody it calls; `broken`: in words, why they cannot be read. */
export interface Bundle {
  readonly certificates: readonly CertificateSeen[];
  readonly broken?: string;
}

/** A Service that the API servers call. */
export interface ServiceName {
  readonly namespace: string;
  readonly name: string;
}

/** Where at it: the port is the Service's, not its Pods'. */
export interface CalledService extends ServiceName {
  readonly port: number;
  /** Absent where it is called at its root, or where requests are passed on. */
  readonly path?: string;
}

export interface ApiServiceSeen {
  /** Such as v1beta1.metrics.k8s.io. */
  readonly name: string;
  /** Absent where the API server itself serves the group. */
  readonly service?: CalledService;
  readonly available: 'True' | 'False' | 'Unknown' | 'absent';
  readonly reason: string;
  readonly message: string;
  /** When the condition last changed, milliseconds since 1970, by the clock of the API server that wrote it. */
  readonly since?: number;
  /** Absent where it names none: then the machine's own store counts. */
  readonly bundle?: Bundle;
}

export interface WebhookRule {
  readonly groups: readonly string[];
  readonly resources: readonly string[];
  readonly operations: readonly string[];
}

export interface LabelRequirement {
  readonly key: string;
  readonly operator: string;
  readonly values: readonly string[];
}

export interface WebhookSeen {
  readonly kind: 'ValidatingWebhookConfiguration' | 'MutatingWebhookConfiguration';
  readonly configuration: string;
  readonly name: string;
  /** Whether a request fails when the webhook cannot be asked. */
  readonly failClosed: boolean;
  readonly timeoutSeconds: number;
  readonly service?: CalledService;
  /** Host of a webhook that is called by URL. */
  readonly host?: string;
  readonly rules: readonly WebhookRule[];
  /** What a namespace must have; matchLabels stand as `In` with one value. */
  readonly namespaces: readonly LabelRequirement[];
  /** Whether something else (objectSelector, matchConditions) narrows it in ways that are not looked into. */
  readonly narrowed: boolean;
  /** Absent where it names none: then the machine's own store counts. */
  readonly bundle?: Bundle;
}

/** A CustomResourceDefinition whose versions are translated by a webhook. */
export interface ConversionSeen {
  readonly name: string;
  /** Of its objects, as API servers name it; absent in older recordings. */
  readonly objects?: string;
  readonly service?: CalledService;
  readonly bundle?: Bundle;
}

/** What the API answered for a part of it that somebody else serves; `message` is empty where the answer was good. */
export interface AggregatedAnswer {
  /** Of the APIService. */
  readonly name: string;
  readonly status: number;
  readonly message: string;
}

/** How many ready addresses stand behind a Service; `unknown` where that could not be asked. */
export interface ServiceBackend extends ServiceName {
  readonly ready: number | 'unknown';
}
