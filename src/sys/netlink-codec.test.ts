import { describe, expect, test } from 'vitest';
import { decodeAttributes, decodeMessages, encodeDump, encodeEcho, readAddress, statusOf } from './netlink-codec.ts';

describe('netlink codec', () => {
  test('asks for a table of any family', () => {
    expect(hex(encodeDump(18))).toBe(`20000000 1200 0103 00000000 00000000 ${'00'.repeat(16)}`.replaceAll(' ', ''));
  });

  test('asks for an answer and nothing else', () => {
    expect(hex(encodeEcho())).toBe('10000000 0100 0500 00000000 00000000'.replaceAll(' ', ''));
  });

  test('splits a datagram and stops at a message that is cut off', () => {
    const whole = bytes('15000000 1000 0200 00000000 00000000 aabbccdd ee 000000');
    const cut = bytes('40000000 1000 0000 00000000 00000000 01');
    expect([...decodeMessages(Uint8Array.from([...whole, ...cut]))]).toEqual([
      { type: 16, flags: 2, body: bytes('aabbccddee') },
    ]);
  });

  test('reads the status of an error and of a done message', () => {
    expect(statusOf({ type: 2, flags: 0, body: bytes('ffffffff 00000000') })).toBe(-1);
    expect(statusOf({ type: 3, flags: 0, body: bytes('00000000') })).toBe(0);
    expect(statusOf({ type: 3, flags: 0, body: bytes('') })).toBe(0);
  });

  test('reads attributes without the nested flag, and ends at one of no length', () => {
    const attributes = bytes('0600 0300 6c6f 0000 0500 1280 07 000000 0000 0000 ffff');
    expect([...decodeAttributes(attributes)]).toEqual([
      [3, bytes('6c6f')],
      [18, bytes('07')],
    ]);
  });

  test('writes addresses in their shortest form', () => {
    expect(readAddress(bytes('c0000201'))).toBe('192.0.2.1');
    expect(readAddress(bytes('20010db8 00000000 00000000 00000001'))).toBe('2001:db8::1');
    expect(readAddress(bytes('fd000000 00010000 00000000 00000000'))).toBe('fd00:0:1::');
    expect(readAddress(undefined)).toBeUndefined();
  });
});

function bytes(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
}

function hex(data: Uint8Array): string {
  return Buffer.from(data).toString('hex');
}
