import type { Column } from '../../abi/column.ts';
import type {
  Backend,
  Frontend,
  FrontendKey,
  Member,
  MemberKey,
  ServiceName,
  SourceRange,
  SourceRangeKey,
  Vip,
} from '../../abi/generated.ts';
import type { Cidr, Ip } from '../../model/ip.ts';

/** One change of the kernel's image: inert, printable, in the order in which it must happen. */
export type Write =
  | { readonly kind: 'store-backend'; readonly id: number; readonly row: Backend }
  /** Into a range that no column names. */
  | {
      readonly kind: 'store-slots';
      readonly serviceId: number;
      readonly offset: number;
      readonly backendIds: readonly number[];
    }
  /** The commit point: one aligned 64-bit store. */
  | { readonly kind: 'store-column'; readonly serviceId: number; readonly column: number; readonly value: Column }
  /** What holds for all columns of a service, in one aligned 64-bit store too. */
  | { readonly kind: 'store-policy'; readonly serviceId: number; readonly value: Policy }
  | { readonly kind: 'store-config'; readonly row: ConfigRow }
  | Put
  | Delete
  /** The address serves nothing new; flows that know it still find their way. */
  | { readonly kind: 'drain'; readonly vip: Ip }
  /** A row of frontends that no plan can have: bytes where the key's padding is to be zero. */
  | { readonly kind: 'delete-stray'; readonly key: Uint8Array };

export interface Policy {
  readonly affinitySec: number;
  /** ServiceFlag bits */
  readonly flags: number;
}

/** The part of the config row that follows from the plan. */
export interface ConfigRow {
  /** At most 8. */
  readonly localCidrs: readonly Cidr[];
  /** "::" where the node has none. */
  readonly nodeAddrV4: Ip;
  readonly nodeAddrV6: Ip;
  readonly hasDetector: boolean;
}

interface Rows {
  readonly vips: readonly [Ip, Vip];
  readonly frontends: readonly [FrontendKey, Frontend];
  readonly members: readonly [MemberKey, Member];
  readonly service_names: readonly [number, ServiceName];
  readonly source_ranges: readonly [SourceRangeKey, SourceRange];
}

interface Keys {
  readonly vips: Ip;
  readonly frontends: FrontendKey;
  readonly members: MemberKey;
  readonly service_names: number;
  readonly source_ranges: SourceRangeKey;
  readonly service_counters: number;
  readonly backend_counters: number;
}

export type Put = {
  [M in keyof Rows]: {
    readonly kind: 'put';
    readonly map: M;
    readonly key: Rows[M][0];
    readonly value: Rows[M][1];
  };
}[keyof Rows];

export type Delete = {
  [M in keyof Keys]: { readonly kind: 'delete'; readonly map: M; readonly key: Keys[M] };
}[keyof Keys];
