import { ConfigError } from '../../../errors.ts';

/** Why a request failed: cause and, where it is known, cure. */
export function describeFailure(error: unknown): string {
  if (error instanceof AggregateError) return describeFailure(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  if (error instanceof ConfigError) return error.message;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const known = KNOWN.get(code);
  if (known !== undefined) return `${known.what} (${code}): ${known.cure}`;
  if (code.startsWith('ERR_SSL_')) return `TLS with it fails (${code}): ${TLS}`; // the message holds addresses of OpenSSL's
  if (isDistrust(code)) return `its certificate is refused (${code}): give the certificate authority that signed it`;
  return (error.message.split('\n')[0] ?? '').slice(0, LONGEST) || code || error.name;
}

const LONGEST = 200;
const TLS = 'is it an API server, and does it take our client certificate?';
const NO_TLS = { what: 'it does not speak TLS', cure: 'is it http, or another port?' };
const UP = 'is the API server up, and its address right?';

const KNOWN: ReadonlyMap<string, { readonly what: string; readonly cure: string }> = new Map([
  ['ECONNREFUSED', { what: 'nobody listens there', cure: UP }],
  ['ETIMEDOUT', { what: 'nobody answers there', cure: UP }],
  ['EHOSTUNREACH', { what: 'no host has that address', cure: UP }],
  ['ENETUNREACH', { what: 'no route leads there', cure: UP }],
  ['ECONNRESET', { what: 'the connection was cut', cure: UP }],
  ['ENOTFOUND', { what: 'its name has no address', cure: 'give --api-server an address' }],
  ['EAI_AGAIN', { what: 'nobody resolves its name', cure: 'give --api-server an address' }],
  [
    'ERR_TLS_CERT_ALTNAME_INVALID',
    { what: 'its certificate is for another name', cure: 'use a name or address in it' },
  ],
  ['CERT_HAS_EXPIRED', { what: 'its certificate has expired', cure: "renew it, or correct this machine's clock" }],
  ['EPROTO', NO_TLS],
  ['ERR_SSL_WRONG_VERSION_NUMBER', NO_TLS],
  ['ERR_SSL_PACKET_LENGTH_TOO_LONG', NO_TLS],
  ['HPE_HEADER_OVERFLOW', { what: 'its headers are too large', cure: 'is it an API server?' }],
]);

/** OpenSSL's verdicts on a chain. */
function isDistrust(code: string): boolean {
  return /SELF_SIGNED|UNABLE_TO_|CERT_|ISSUER/.test(code) && !code.startsWith('ERR_HTTP2');
}
