/**
 * Flows where they lie in the bytes of map "flows". Most rows are free, and the codec would make text of
 * four addresses for each; a test holds the offsets equal to the codec's.
 */
const FLOW = { dialledAddress: 16, proto: 98, flags: 99, expires: 108, size: 120 } as const;
const ADDRESS_SIZE = 16;

/** What of map "flows" is read. BpfMap fits. */
export interface FlowRows {
  chunks(): Iterable<{ readonly values: Uint8Array; readonly count: number }>;
}

/** Where the struct of a flow lies. */
export interface FoundFlow {
  readonly view: DataView;
  readonly at: number;
}

/** The flows that have not run out, chunk by chunk. */
export function* livingFlows(flows: FlowRows, nowSec: number): Generator<readonly FoundFlow[]> {
  for (const { values, count } of flows.chunks()) {
    const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
    const found: FoundFlow[] = [];
    for (let at = 0; at < count * FLOW.size; at += FLOW.size) {
      if (view.getUint8(at + FLOW.proto) !== 0 && view.getUint32(at + FLOW.expires, true) >= nowSec)
        found.push({ view, at });
    }
    yield found;
  }
}

/** What the client of the flow dialled, by addressKey. */
export function dialledAddress({ view, at }: FoundFlow): string {
  return addressKey(new Uint8Array(view.buffer, view.byteOffset + at + FLOW.dialledAddress, ADDRESS_SIZE));
}

/** FlowFlag bits */
export function flowFlags({ view, at }: FoundFlow): number {
  return view.getUint8(at + FLOW.flags);
}

/** 16 bytes of an address as text that sets can hold. */
export function addressKey(address: Uint8Array): string {
  return String.fromCharCode(...address);
}
