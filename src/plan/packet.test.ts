import { expect, test } from 'vitest';
import { parsePacket } from './packet.ts';

test.each([
  ['10.0.0.2 172.30.0.41:80/tcp', '10.0.0.2', '172.30.0.41', 80, 'TCP'],
  ['  010.0.0.2   172.30.0.41:53/UDP ', '10.0.0.2', '172.30.0.41', 53, 'UDP'],
  ['fd00::2 [FD00::41]:80/sctp', 'fd00::2', 'fd00::41', 80, 'SCTP'],
  ['[fd00::2] [fd00::41]:80/Tcp', 'fd00::2', 'fd00::41', 80, 'TCP'],
])('reads %j', (text, source, destination, port, protocol) => {
  expect(parsePacket(text)).toEqual({ ok: true, value: { source, destination, port, protocol } });
});

test.each([
  ['', '"" is not a packet: write it like "10.0.0.2 172.30.0.41:80/tcp"'],
  ['10.0.0.2 172.30.0.41:80', '"10.0.0.2 172.30.0.41:80" is not a packet: write it like "10.0.0.2 172.30.0.41:80/tcp"'],
  [
    '10.0.0.2 fd00::41:80/tcp',
    '"10.0.0.2 fd00::41:80/tcp" is not a packet: write it like "10.0.0.2 172.30.0.41:80/tcp"',
  ],
  ['pod 172.30.0.41:80/tcp', '"pod" is not an IP address: write it like 10.0.0.1 or fd00::1'],
  ['10.0.0.2 svc:80/tcp', '"svc" is not an IP address: write it like 10.0.0.1 or fd00::1'],
  ['10.0.0.2 172.30.0.41:0/tcp', '0 is not a port: use a number from 1 to 65535'],
  ['10.0.0.2 172.30.0.41:80/icmp', '"ICMP" is not a protocol: use TCP, UDP or SCTP'],
  ['10.0.0.2 [fd00::41]:80/tcp', '"10.0.0.2 [fd00::41]:80/tcp" mixes IPv4 and IPv6: use addresses of one family'],
])('refuses %j', (text, reason) => {
  expect(parsePacket(text)).toEqual({ ok: false, reason });
});
