import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { makeCertificates, type Certificates } from "./run/certificates.js";
import { measureCodec } from "./run/codec.js";
import { Databases } from "./run/databases.js";
import { jobOf, measure, runJobs, startServer, takesPart, type Sample } from "./run/measure.js";
import { ownNode } from "./run/nodes.js";
import { findPeer, peerNames, type Peer } from "./run/peers.js";
import { allWork, type Work } from "./run/work.js";
import { measureStoreAlone } from "./run/store-alone.js";

let certificates: Certificates;
let databases: Databases;

beforeAll(async () => {
  certificates = await makeCertificates();
  databases = new Databases();
});

afterAll(() => {
  certificates[Symbol.dispose]();
  databases[Symbol.dispose]();
});

/** One of each kind: every client checks every answer, and ends with an error if one is wrong. */
const names = [
  "unary-8",
  "create-8",
  "page-100",
  "server-stream",
  "client-stream",
  "bidi",
  "mib-exchange",
  "mib-download",
  "mib-upload",
  "watch",
  "product-get-64",
  "product-create-64",
  "product-page-100",
  "product-watch",
  "sse-fanout",
  "product-upload",
  "heap",
  "million-beside-order-two",
];
const works = allWork(true)
  .filter(({ name }) => names.includes(name))
  .map(small);
const moment = { warmupMs: 0, measureMs: 1 };

/** The least of it that can be wrong. */
function small(work: Work): Work {
  const { kind, size = 0 } = work;
  return {
    ...work,
    ...(kind === "watch" && { inFlight: 20, connections: work.name === "sse-fanout" ? 21 : 2 }),
    ...(kind === "upload-rows" && { size: 100 }),
    ...(kind === "heap" && { size: 200 }),
    ...(kind === "beside" && { users: 1000 }),
    ...(size > 10_000 && kind === "exchange" && { size: 10_000 }),
    ...(size > 10_000 && (kind === "download" || kind === "upload") && { size: 10_000 }),
  };
}

/** All work of a peer with one server and one client: most of the time is that of processes to start. */
async function doAll(peer: Peer, all = works): Promise<{ own: Work[]; samples: Sample[] }> {
  const own = all.filter((work) => takesPart(peer, work));
  // Over TLS, where that does not stand between the client and its token.
  const { tls, ca } = certificates;
  const secure = peer.full === undefined;
  const work = { ...works[0]!, kind: "create" } as const;
  await using running = await startServer(peer, secure ? { tls } : {}, { databases, work });
  const { server, port } = running;
  const jobs = own.map((one) => jobOf(peer, one, port, secure ? ca : undefined, moment));
  return { own, samples: await runJobs(peer, server, jobs) };
}

/** Peers of others' code alone, which every run of the bench tries: it checks each answer. */
const leftToTheBench = new Set(["connect", "grpc-js", "hono-full", "nice-grpc", "nice-grpc-full"]);

test.each(peerNames.filter((name) => !leftToTheBench.has(name)))(
  "%s answers rightly",
  async (name) => {
    const peer = findPeer(name, { runtime: "transport", before: undefined, install: false });
    if ("reason" in peer) {
      console.warn(`skipped: ${name}: ${peer.reason}`);
      return;
    }
    const { own, samples } = await doAll(peer);
    expect(samples.filter(({ rate }) => rate > 0)).toHaveLength(own.length);
    expect(own.length).toBeGreaterThan(0);
    const sampleOf = (kind: Work["kind"]) => samples[own.findIndex((work) => work.kind === kind)];
    const watch = sampleOf("watch");
    if (watch !== undefined) expect(watch.livePerStream).toBeDefined();
    const heap = sampleOf("heap");
    if (heap !== undefined) {
      expect(heap.serverHeapRatio).toBeGreaterThan(0);
      expect(heap.clientHeapRatio).toBeGreaterThan(0);
    }
    const beside = sampleOf("beside");
    if (beside !== undefined) expect(beside.listP50Us).toBeGreaterThan(0);
    // Long enough for Go to build its peers for the first time.
  },
  120_000,
);

test("the product runs over the other runtime", async () => {
  const peer = findPeer("product", { runtime: "nice-grpc", before: undefined, install: false });
  if ("reason" in peer) throw new Error(peer.reason);
  // What its own tests have not: how the bench starts it.
  const { samples } = await doAll(
    peer,
    works.filter(({ name }) => name === "product-get-64"),
  );
  expect(samples).toHaveLength(1);
}, 60_000);

test("requests that are all different are answered rightly", async () => {
  const peer = findPeer("callwire", { runtime: "transport", before: undefined, install: false });
  if ("reason" in peer) throw new Error(peer.reason);
  const work = allWork(true).find(({ name }) => name === "load-varied");
  if (work === undefined) throw new Error("there is no such work");
  // Long enough for the clock by which the server's time is taken.
  const settings = { warmupMs: 10, measureMs: 200, certificates, databases };
  expect((await measure(peer, work, settings)).rate).toBeGreaterThan(0);
}, 60_000);

test.each(["json", "callwire", "json-callwire"] as const)(
  "%s is measured, and codes rightly",
  async (name) => {
    const times = await measureCodec(name, { row: "user", node: ownNode, codecs: [name] }, 1);
    expect(times).toEqual({ encodeNs: expect.any(Number), decodeNs: expect.any(Number) });
  },
);

test("the store alone is measured", async () => {
  expect((await measureStoreAlone(databases, 100)).rate).toBeGreaterThan(0);
}, 60_000);
