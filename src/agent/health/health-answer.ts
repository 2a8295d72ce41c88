import type { Answer } from '../endpoint.ts';
import type { HealthReport } from './health.ts';

const HEADERS = { 'content-type': 'application/json', 'x-content-type-options': 'nosniff' };
/** Go's zero time. */
const NEVER = '0001-01-01T00:00:00Z';

/**
 * kube-proxy's /healthz and /livez, which load balancers and kubelets ask. A node that is about to leave
 * is alive, but traffic should go elsewhere. undefined: no such path.
 */
export function answerHealth(path: string, report: HealthReport, isNodeEligible: boolean): Answer | undefined {
  switch (path) {
    case '/healthz':
      return answer(report, { nodeEligible: isNodeEligible }, report.isHealthy && isNodeEligible);
    case '/livez':
      return answer(report, {}, report.isHealthy);
    default:
      return undefined;
  }
}

function answer(report: HealthReport, eligibility: { nodeEligible?: boolean }, isFine: boolean): Answer {
  const lastUpdated = report.lastUpdatedMs === undefined ? NEVER : new Date(report.lastUpdatedMs).toISOString();
  const currentTime = new Date(report.currentMs).toISOString();
  const healthy = report.isHealthy;
  // One sync writes both families.
  const status = { IPv4: { lastUpdated, healthy }, IPv6: { lastUpdated, healthy } };
  const body = JSON.stringify({ lastUpdated, currentTime, ...eligibility, healthy, status });
  return { status: isFine ? 200 : 503, headers: HEADERS, body };
}
