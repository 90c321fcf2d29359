import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from '@prometheus-io/client';
import type { MfaMethod } from '../domain/mfa/factor.ts';
import type { SigningAlgorithm } from '../domain/token/token-signer.ts';

/** What is counted. Labels are of closed sets: never users, ARNs or what a client sends. */
export type Metrics = {
  readonly stsAnswered: (action: string, code: string) => void;
  /** A browser came back from a provider, by the provider's configured name. */
  readonly signedIn: (provider: string, outcome: 'success' | 'failure') => void;
  /** How a request at the token endpoint ended, by the grant's name in the configuration. */
  readonly tokenAnswered: (grant: string, code: string) => void;
  /** Whether an application could be told of a sign-out. */
  readonly applicationTold: (outcome: 'success' | 'failure') => void;
  readonly factorVerified: (factor: MfaMethod, outcome: 'success' | 'failure') => void;
  readonly httpAnswered: (labels: { route: string; method: string; status: number; seconds: number }) => void;
  readonly configurationLoaded: (outcome: 'success' | 'failure', timeMs: number) => void;
  /** When the last certificate of a SAML provider ends; providers that are not named any more are forgotten. */
  readonly certificatesExpire: (notAfterMsByProvider: ReadonlyMap<string, number>) => void;
  /** Since when each signing key signs, by algorithm, milliseconds. */
  readonly signingKeysAge: (ages: ReadonlyMap<SigningAlgorithm, number>) => void;
  /** Prometheus's text format. */
  readonly render: () => Promise<string>;
};

/** Buckets of OpenTelemetry's HTTP convention, in seconds. */
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

export function createMetrics(version: string): Metrics {
  const register = new Registry();
  const registers = [register];
  collectDefaultMetrics({ register });
  new Gauge({
    name: 'rolebridge_build_info',
    help: 'The running version.',
    labelNames: ['version'],
    registers,
  }).set({ version }, 1);
  const sts = new Counter({
    name: 'rolebridge_sts_requests_total',
    help: 'STS requests by action and outcome; reason is the error code.',
    labelNames: ['action', 'outcome', 'reason'],
    registers,
  });
  const signIns = new Counter({
    name: 'rolebridge_logins_total',
    help: 'Sign-ins of people by provider and outcome.',
    labelNames: ['provider', 'outcome'],
    registers,
  });
  const tokens = new Counter({
    name: 'rolebridge_token_requests_total',
    help: 'Requests at the token endpoint by grant and outcome; reason is the error code.',
    labelNames: ['grant', 'outcome', 'reason'],
    registers,
  });
  const notices = new Counter({
    name: 'rolebridge_backchannel_logouts_total',
    help: 'Sign-outs that applications were told of, by outcome.',
    labelNames: ['outcome'],
    registers,
  });
  const factors = new Counter({
    name: 'rolebridge_mfa_challenges_total',
    help: 'Second factors that people gave, by factor and outcome.',
    labelNames: ['factor', 'outcome'],
    registers,
  });
  const http = new Histogram({
    name: 'http_server_request_duration_seconds',
    help: 'Time from request to answer.',
    labelNames: ['http_route', 'http_request_method', 'http_response_status_code'],
    buckets: DURATION_BUCKETS,
    registers,
  });
  const reload = new Gauge({
    name: 'rolebridge_config_last_reload_success_timestamp_seconds',
    help: 'When the configuration was last loaded without a fault.',
    registers,
  });
  const reloads = new Counter({
    name: 'rolebridge_config_reloads_total',
    help: 'Configuration loads by outcome.',
    labelNames: ['outcome'],
    registers,
  });
  const certificates = new Gauge({
    name: 'rolebridge_cert_expiry_timestamp_seconds',
    help: 'When the last signing certificate of a SAML identity provider ends.',
    labelNames: ['provider'],
    registers,
  });
  const signingKeys = new Gauge({
    name: 'rolebridge_signing_key_age_seconds',
    help: 'How long the key that signs tokens has been signing.',
    labelNames: ['alg'],
    registers,
  });
  return {
    stsAnswered: (action, code) => {
      const outcome = code === 'Success' ? 'success' : 'failure';
      sts.inc({ action, outcome, reason: outcome === 'success' ? '' : code });
    },
    signedIn: (provider, outcome) => {
      signIns.inc({ provider, outcome });
    },
    tokenAnswered: (grant, code) => {
      const outcome = code === 'Success' ? 'success' : 'failure';
      tokens.inc({ grant, outcome, reason: outcome === 'success' ? '' : code });
    },
    applicationTold: (outcome) => {
      notices.inc({ outcome });
    },
    factorVerified: (factor, outcome) => {
      factors.inc({ factor, outcome });
    },
    httpAnswered: ({ route, method, status, seconds }) => {
      http.observe(
        { http_route: route, http_request_method: method, http_response_status_code: String(status) },
        seconds,
      );
    },
    configurationLoaded: (outcome, timeMs) => {
      reloads.inc({ outcome });
      if (outcome === 'success') reload.set(timeMs / 1000);
    },
    certificatesExpire: (notAfterMsByProvider) => {
      certificates.reset();
      for (const [provider, notAfterMs] of notAfterMsByProvider)
        certificates.set({ provider }, notAfterMs / 1000);
    },
    signingKeysAge: (ages) => {
      for (const [alg, ageMs] of ages) signingKeys.set({ alg }, ageMs / 1000);
    },
    render: () => register.metrics(),
  };
}
