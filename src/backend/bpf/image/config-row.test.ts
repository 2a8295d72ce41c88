import { describe, expect, it } from 'vitest';
import { Config } from '../../../abi/generated.ts';
import type { Ip } from '../../../model/ip.ts';
import type { ConfigRow } from '../write.ts';
import { loadConfig, storeConfig } from './config-row.ts';

const row: ConfigRow = {
  localCidrs: [
    { ip: '10.1.0.0' as Ip, prefixLength: 17 },
    { ip: 'fd00:1::' as Ip, prefixLength: 64 },
    { ip: '::' as Ip, prefixLength: 0 },
    { ip: '0.0.0.0' as Ip, prefixLength: 0 },
  ],
  nodeAddrV4: '192.168.0.1' as Ip,
  nodeAddrV6: '::' as Ip,
  hasDetector: true,
};

describe('config row', () => {
  it('comes back as it was stored', () => {
    const memory = new Uint8Array(Config.size);
    storeConfig(memory, row);
    expect(loadConfig(memory)).toEqual(row);
  });

  it('leaves what programs and other parts of the agent write', () => {
    const memory = new Uint8Array(Config.size).fill(0xff);
    const before = Config.decode(memory);
    storeConfig(memory, { ...row, localCidrs: [], hasDetector: false });
    const unused = { addr: 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', mask: '::' };
    expect(Config.decode(memory)).toEqual({
      ...before,
      localCidrs: Array.from({ length: 8 }, () => unused),
      nodeAddrV4: row.nodeAddrV4,
      nodeAddrV6: row.nodeAddrV6,
      flags: before.flags - 2,
    });
  });

  it('is nothing the plan made where a mask has holes', () => {
    const memory = new Uint8Array(Config.size);
    storeConfig(memory, row);
    memory[16 + 16 + 13] = 0b0101_0101;
    expect(loadConfig(memory)).toBe(undefined);
  });
});
