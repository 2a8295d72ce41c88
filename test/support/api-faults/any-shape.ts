import fc from 'fast-check';
import { type RawObject, rawService } from '../../conformance/objects.ts';

const OBJECTS = 1000;
const NAMES = 10;

/** Fields as they should be, or of any shape, or left out. */
function disturbed(fields: RawObject): fc.Arbitrary<RawObject> {
  const values = Object.entries(fields).map(
    ([name, value]) => [name, fc.oneof({ weight: 2, arbitrary: fc.constant(value) }, fc.jsonValue())] as const,
  );
  return fc.record(Object.fromEntries(values), { requiredKeys: [] }) as fc.Arbitrary<RawObject>; // of these fields
}

const SPEC = rawService({
  spec: {
    externalIPs: ['198.51.100.77'],
    externalTrafficPolicy: 'Local',
    healthCheckNodePort: 30_900,
    internalTrafficPolicy: 'Cluster',
    loadBalancerSourceRanges: ['192.0.2.0/24'],
    sessionAffinity: 'ClientIP',
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 10 } },
  },
})['spec'] as RawObject; // the builder's

/** Services whose names alone are what they should be; the same each time. */
export const ANY_SHAPE: readonly RawObject[] = fc
  .sample(fc.tuple(disturbed(SPEC), fc.jsonValue()), { numRuns: OBJECTS, seed: 1 })
  .map(([spec, status], index) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'odd', name: `odd-${index % NAMES}`, resourceVersion: '1' },
    spec,
    status,
  }));
