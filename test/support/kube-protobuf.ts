import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/**
 * Writes API objects as Kubernetes' generated marshallers do: from the JSON's fields, plain texts and numbers even where
 * they are empty, pointers only where they are set, and more fields than anybody reads here.
 */

type Raw = Readonly<Record<string, unknown>>;
type Type =
  | 'string'
  | '*string'
  | 'strings'
  | 'int32'
  | '*int32'
  | '*bool'
  | 'time'
  | 'map'
  | 'intstr'
  | Schema
  | [Schema];
interface Schema {
  readonly [name: string]: readonly [number: number, type: Type];
}

/** A body or an embedded object: the magic and runtime.Unknown. */
export function encodeObject(object: Raw): Uint8Array {
  const kind = String(object['kind']);
  const schema = SCHEMAS[kind];
  if (schema === undefined) throw new Error(`Cannot encode "${kind}"`);
  const typeMeta = encode({ apiVersion: object['apiVersion'], kind }, TYPE_META);
  const unknown = new BinaryWriter();
  unknown.tag(1, WireType.LengthDelimited).bytes(typeMeta);
  unknown.tag(2, WireType.LengthDelimited).bytes(encode(object, schema));
  unknown.tag(3, WireType.LengthDelimited).string('').tag(4, WireType.LengthDelimited).string('');
  return Buffer.concat([Buffer.from('k8s\0', 'latin1'), unknown.finish()]);
}

/** A frame of a watch: metav1.WatchEvent behind its length. */
export function encodeEvent(type: string, object: Raw): Uint8Array {
  return frame(
    new BinaryWriter()
      .tag(1, WireType.LengthDelimited)
      .string(type)
      .tag(2, WireType.LengthDelimited)
      .bytes(new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(encodeObject(object)).finish())
      .finish(),
  );
}

export function frame(payload: Uint8Array): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(payload.length);
  return Buffer.concat([length, payload]);
}

const TYPE_META: Schema = { apiVersion: [1, 'string'], kind: [2, 'string'] };

const METADATA: Schema = {
  name: [1, 'string'],
  generateName: [2, 'string'],
  namespace: [3, 'string'],
  selfLink: [4, 'string'],
  uid: [5, 'string'],
  resourceVersion: [6, 'string'],
  creationTimestamp: [8, 'time'],
  deletionTimestamp: [9, 'time'],
  labels: [11, 'map'],
  annotations: [12, 'map'],
  ownerReferences: [
    13,
    [
      {
        kind: [1, 'string'],
        name: [3, 'string'],
        uid: [4, 'string'],
        apiVersion: [5, 'string'],
        controller: [6, '*bool'],
        blockOwnerDeletion: [7, '*bool'],
      },
    ],
  ],
  finalizers: [14, 'strings'],
  managedFields: [17, [{ manager: [1, 'string'], operation: [2, 'string'], fieldsType: [6, 'string'] }]],
};

const SERVICE: Schema = {
  metadata: [1, METADATA],
  spec: [
    2,
    {
      ports: [
        1,
        [
          {
            name: [1, 'string'],
            protocol: [2, 'string'],
            port: [3, 'int32'],
            targetPort: [4, 'intstr'],
            nodePort: [5, 'int32'],
            appProtocol: [6, '*string'],
          },
        ],
      ],
      selector: [2, 'map'],
      clusterIP: [3, 'string'],
      type: [4, 'string'],
      externalIPs: [5, 'strings'],
      sessionAffinity: [7, 'string'],
      loadBalancerIP: [8, 'string'],
      loadBalancerSourceRanges: [9, 'strings'],
      externalName: [10, 'string'],
      externalTrafficPolicy: [11, 'string'],
      healthCheckNodePort: [12, 'int32'],
      sessionAffinityConfig: [14, { clientIP: [1, { timeoutSeconds: [1, '*int32'] }] }],
      ipFamilyPolicy: [17, '*string'],
      clusterIPs: [18, 'strings'],
      ipFamilies: [19, 'strings'],
      allocateLoadBalancerNodePorts: [20, '*bool'],
      loadBalancerClass: [21, '*string'],
      internalTrafficPolicy: [22, '*string'],
      trafficDistribution: [23, '*string'],
    },
  ],
  status: [
    3,
    { loadBalancer: [1, { ingress: [1, [{ ip: [1, 'string'], hostname: [2, 'string'], ipMode: [3, '*string'] }]] }] },
  ],
};

const NAMES: [Schema] = [{ name: [1, 'string'] }];

const ENDPOINT_SLICE: Schema = {
  metadata: [1, METADATA],
  endpoints: [
    2,
    [
      {
        addresses: [1, 'strings'],
        conditions: [2, { ready: [1, '*bool'], serving: [2, '*bool'], terminating: [3, '*bool'] }],
        hostname: [3, '*string'],
        targetRef: [4, { kind: [1, 'string'], namespace: [2, 'string'], name: [3, 'string'], uid: [4, 'string'] }],
        nodeName: [6, '*string'],
        zone: [7, '*string'],
        hints: [8, { forZones: [1, NAMES], forNodes: [2, NAMES] }],
      },
    ],
  ],
  ports: [3, [{ name: [1, '*string'], protocol: [2, '*string'], port: [3, '*int32'], appProtocol: [4, '*string'] }]],
  addressType: [4, 'string'],
};

const NODE: Schema = {
  metadata: [1, METADATA],
  spec: [
    2,
    {
      podCIDR: [1, 'string'],
      providerID: [3, 'string'],
      taints: [5, [{ key: [1, 'string'], value: [2, 'string'], effect: [3, 'string'], timeAdded: [4, 'time'] }]],
      podCIDRs: [7, 'strings'],
    },
  ],
  status: [3, { phase: [3, 'string'], addresses: [5, [{ type: [1, 'string'], address: [2, 'string'] }]] }],
};

const STATUS: Schema = {
  metadata: [1, { continue: [3, 'string'] }],
  status: [2, 'string'],
  message: [3, 'string'],
  reason: [4, 'string'],
  details: [5, { name: [1, 'string'], retryAfterSeconds: [5, 'int32'] }],
  code: [6, 'int32'],
};

function listOf(item: Schema): Schema {
  return {
    metadata: [1, { selfLink: [1, 'string'], resourceVersion: [2, 'string'], continue: [3, 'string'] }],
    items: [2, [item]],
  };
}

const SCHEMAS: Readonly<Record<string, Schema>> = {
  Service: SERVICE,
  ServiceList: listOf(SERVICE),
  EndpointSlice: ENDPOINT_SLICE,
  EndpointSliceList: listOf(ENDPOINT_SLICE),
  Node: NODE,
  NodeList: listOf(NODE),
  Status: STATUS,
  Pod: { metadata: [1, METADATA] },
};

function encode(raw: Raw, schema: Schema): Uint8Array {
  const writer = new BinaryWriter();
  for (const [name, [number, type]] of Object.entries(schema)) writeField(writer, number, type, raw[name]);
  return writer.finish();
}

function writeField(writer: BinaryWriter, number: number, type: Type, value: unknown): void {
  const text = (item: unknown): BinaryWriter => writer.tag(number, WireType.LengthDelimited).string(String(item));
  const embed = (bytes: Uint8Array): BinaryWriter => writer.tag(number, WireType.LengthDelimited).bytes(bytes);
  if (typeof type === 'object') {
    if (Array.isArray(type)) {
      for (const item of (value ?? []) as Raw[]) embed(encode(item, type[0]));
    } else if (value !== undefined || number <= 3) {
      embed(encode((value ?? {}) as Raw, type)); // embedded structs are written even when empty
    }
    return;
  }
  switch (type) {
    case 'string':
      text(value ?? '');
      return;
    case '*string':
      if (value !== undefined) text(value);
      return;
    case 'strings':
      for (const item of (value ?? []) as unknown[]) text(item);
      return;
    case 'int32':
      writer.tag(number, WireType.Varint).int32(Number(value ?? 0));
      return;
    case '*int32':
      if (value !== undefined) writer.tag(number, WireType.Varint).int32(Number(value));
      return;
    case '*bool':
      if (value !== undefined) writer.tag(number, WireType.Varint).bool(value === true);
      return;
    case 'time':
      if (value !== undefined) embed(encodeTime(String(value)));
      return;
    case 'map':
      for (const [key, item] of Object.entries((value ?? {}) as Raw)) embed(encode({ key, item }, ENTRY));
      return;
    case 'intstr':
      embed(encode({ type: 0, intVal: Number(value ?? 0), strVal: '' }, INT_OR_STRING));
  }
}

const ENTRY: Schema = { key: [1, 'string'], item: [2, 'string'] };
const INT_OR_STRING: Schema = { type: [1, 'int32'], intVal: [2, 'int32'], strVal: [3, 'string'] };

function encodeTime(text: string): Uint8Array {
  return new BinaryWriter()
    .tag(1, WireType.Varint)
    .int64(BigInt(Math.floor(Date.parse(text) / 1000)))
    .tag(2, WireType.Varint)
    .int32(0)
    .finish();
}
