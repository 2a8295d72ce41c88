export type Protocol = 'TCP' | 'UDP' | 'SCTP';

/** 1..65535 */
export type Port = number & { readonly __brand: 'Port' };
