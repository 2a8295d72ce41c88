import type { Fields } from '../../../model/untrusted.ts';
import { append, type FieldReader, filled } from './field-reader.ts';

export function readServiceSpec(from: FieldReader): Fields {
  return from.fields(new Spec(), takeSpec);
}

export function readServiceStatus(from: FieldReader): Fields {
  return from.fields({ loadBalancer: undefined }, takeStatus);
}

class Spec {
  [field: string]: unknown;
  ports: unknown;
  clusterIP: unknown;
  type: unknown;
  externalIPs: unknown;
  sessionAffinity: unknown;
  loadBalancerSourceRanges: unknown;
  externalTrafficPolicy: unknown;
  sessionAffinityConfig: unknown;
  clusterIPs: unknown;
  internalTrafficPolicy: unknown;
}

function takeSpec(spec: Spec, field: number, from: FieldReader): void {
  switch (field) {
    case 1:
      spec.ports = append(spec.ports, from.fields(new Port(), takePort), 'ports');
      break;
    case 3:
      spec.clusterIP = filled(from.text());
      break;
    case 4:
      spec.type = filled(from.knownText());
      break;
    case 5:
      spec.externalIPs = append(spec.externalIPs, from.text(), 'externalIPs');
      break;
    case 7:
      spec.sessionAffinity = filled(from.knownText());
      break;
    case 9:
      spec.loadBalancerSourceRanges = append(spec.loadBalancerSourceRanges, from.text(), 'loadBalancerSourceRanges');
      break;
    case 11:
      spec.externalTrafficPolicy = filled(from.knownText());
      break;
    case 14:
      spec.sessionAffinityConfig = from.fields({ clientIP: undefined }, takeAffinityConfig);
      break;
    case 18:
      spec.clusterIPs = append(spec.clusterIPs, from.text(), 'clusterIPs');
      break;
    case 22:
      spec.internalTrafficPolicy = from.knownText();
      break;
    default:
      from.skip();
  }
}

class Port {
  [field: string]: unknown;
  name: unknown;
  protocol: unknown;
  port: unknown;
  nodePort: unknown;
}

function takePort(port: Port, field: number, from: FieldReader): void {
  switch (field) {
    case 1:
      port.name = filled(from.knownText());
      break;
    case 2:
      port.protocol = filled(from.knownText());
      break;
    case 3:
      port.port = from.integer();
      break;
    case 5:
      port.nodePort = from.integer();
      break;
    default:
      from.skip();
  }
}

function takeAffinityConfig(config: { clientIP: Fields | undefined }, field: number, from: FieldReader): void {
  if (field === 1) config.clientIP = from.fields({ timeoutSeconds: undefined }, takeClientIp);
  else from.skip();
}

function takeClientIp(clientIp: { timeoutSeconds: number | undefined }, field: number, from: FieldReader): void {
  if (field === 1) clientIp.timeoutSeconds = from.integer();
  else from.skip();
}

function takeStatus(status: { loadBalancer: Fields | undefined }, field: number, from: FieldReader): void {
  if (field === 1) status.loadBalancer = from.fields({ ingress: undefined }, takeLoadBalancer);
  else from.skip();
}

function takeLoadBalancer(balancer: { ingress: unknown }, field: number, from: FieldReader): void {
  if (field === 1) {
    balancer.ingress = append(
      balancer.ingress,
      from.fields({ ip: undefined, ipMode: undefined }, takeIngress),
      'ingress',
    );
  } else {
    from.skip();
  }
}

function takeIngress(ingress: { ip: unknown; ipMode: unknown }, field: number, from: FieldReader): void {
  if (field === 1) ingress.ip = filled(from.text());
  else if (field === 3) ingress.ipMode = from.knownText();
  else from.skip();
}
