import { expect, test } from 'vitest';
import { parseListenAddress } from './listen-address.ts';

test.each([
  ['', undefined],
  ['127.0.0.1:0', undefined],
  ['0.0.0.0', { host: '0.0.0.0', port: 10256 }],
  ['127.0.0.1:80', { host: '127.0.0.1', port: 80 }],
  ['::', { host: '::', port: 10256 }],
  ['[::1]', { host: '::1', port: 10256 }],
  ['[::1]:80', { host: '::1', port: 80 }],
])('"%s" is understood', (text, address) => {
  expect(parseListenAddress(text, 10256)).toEqual({ ok: true, value: address });
});

test.each(['localhost:80', ':80', '1.2.3.4:', '1.2.3.4:x', '[1.2.3.4]:80', '010.0.0.1:80'])(
  '"%s" is refused',
  (text) => {
    const reason = `"${text}" is no address: write it like 0.0.0.0:10256 or [::1]:10256`;
    expect(parseListenAddress(text, 10256)).toEqual({ ok: false, reason });
  },
);

test.each([65536, -1, 1.5])('%s is no port', (port) => {
  const reason = `${port} is not a port: use a number from 1 to 65535`;
  expect(parseListenAddress('0.0.0.0', port)).toEqual({ ok: false, reason });
});
