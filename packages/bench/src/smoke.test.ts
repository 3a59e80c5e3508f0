import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { makeCertificates, type Certificates } from "./run/certificates.js";
import { Databases } from "./run/databases.js";
import { jobOf, runJobs, startServer, takesPart } from "./run/measure.js";
import { findPeer, peerNames } from "./run/peers.js";
import { allWork, type Work } from "./run/work.js";

let certificates: Certificates;
const databases = new Databases();

beforeAll(async () => {
  certificates = await makeCertificates();
});

afterAll(() => {
  certificates[Symbol.dispose]();
  databases[Symbol.dispose]();
});

/** One of each kind, small: every client checks every answer, and ends with an error if one is wrong. */
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
];
const works = allWork(true)
  .filter(({ name }) => names.includes(name))
  .map((work): Work => ({
    ...work,
    ...(work.kind === "watch" && { inFlight: 20, connections: 2 }),
    ...(work.size !== undefined && work.size > 10_000 && { size: 10_000 }),
  }));
const moment = { warmupMs: 0, measureMs: 1 };

// The product and what stands beside it do works of their own, which are not in this list yet.
const peers = peerNames.filter((name) => name !== "product" && !/-(full|metadata)$/.test(name));

// All work of a peer over TLS, with one server and one client: most of the time is that of processes to start.
test.each(peers)(
  "%s answers rightly",
  async (name) => {
    const peer = findPeer(name, { runtime: "transport", before: undefined });
    if ("reason" in peer) {
      console.warn(`skipped: ${name}: ${peer.reason}`);
      return;
    }
    const work = works[0]!;
    await using started = await startServer(peer, { tls: certificates.tls }, { databases, work });
    const { server, port } = started;
    const own = works.filter((work) => takesPart(peer, work));
    const jobs = own.map((work) => jobOf(peer, work, port, certificates.ca, moment));
    const samples = await runJobs(peer, server, jobs);
    expect(samples.filter(({ rate }) => rate > 0)).toHaveLength(own.length);
    expect(own.length).toBeGreaterThan(1);
    const watch = samples[own.findIndex(({ kind }) => kind === "watch")];
    if (watch !== undefined) expect(watch.livePerStream).toBeDefined();
    // Long enough for Go to build its peer for the first time.
  },
  120_000,
);
