// A process that reads what a Service proxy has to read, by the same way, and does nothing with it: bare-reader.js
// KUBECONFIG. Ends once all Services and EndpointSlices were listed; prints what that took of the process, as JSON.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as connectHttp } from 'node:http2';
import process from 'node:process';
import { connect as connectTls } from 'node:tls';

/** Each connection's and stream's window: as large as the agent's. */
const WINDOW_BYTES = 1 << 20;
/** Of the bookmark that ends a listing. */
const END = Buffer.from('k8s.io/initial-events-end');
const PATHS = [
  '/api/v1/services?labelSelector=%21service.kubernetes.io%2Fservice-proxy-name&fieldSelector=spec.clusterIP%21%3DNone',
  '/apis/discovery.k8s.io/v1/endpointslices?labelSelector=%21service.kubernetes.io%2Fheadless',
];
const WATCH_LIST = 'watch=true&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan';
const ACCEPT = 'application/vnd.kubernetes.protobuf;stream=watch';

interface Kubeconfig {
  readonly clusters: readonly [
    { readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string } },
  ];
  readonly users: readonly [{ readonly user: { readonly token: string } }];
}

const kubeconfig = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Kubeconfig; // the benchmark wrote it
const { server, 'certificate-authority-data': ca } = kubeconfig.clusters[0].cluster;
const { hostname, port, origin } = new URL(server);
const socket = connectTls({ host: hostname, port: Number(port), ca: Buffer.from(ca, 'base64'), ALPNProtocols: ['h2'] });
await once(socket, 'secureConnect');
const session = connectHttp(origin, {
  createConnection: () => socket,
  settings: { enablePush: false, initialWindowSize: WINDOW_BYTES },
});
session.once('connect', () => session.setLocalWindowSize(4 * WINDOW_BYTES));
const bytes = (await Promise.all(PATHS.map(readListing))).reduce((sum, count) => sum + count, 0);
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
const report = { bytes, cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, peakRssMb: maxRSS / 1024 };
process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0));

async function readListing(path: string): Promise<number> {
  const { token } = kubeconfig.users[0].user;
  const stream = session.request({
    ':path': `${path}&${WATCH_LIST}`,
    accept: ACCEPT,
    authorization: `Bearer ${token}`,
  });
  let status: number | undefined;
  stream.once('response', (headers) => {
    status = headers[':status'];
  });
  let count = 0;
  let tail = Buffer.alloc(0);
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    count += chunk.length;
    if (chunk.includes(END) || Buffer.concat([tail, chunk.subarray(0, END.length)]).includes(END)) return count;
    tail = Buffer.concat([tail, chunk.subarray(-END.length)]).subarray(-END.length);
  }
  throw new Error(`Cannot read "${path}": status ${status}, and an end before all was listed: ${tail}`);
}
