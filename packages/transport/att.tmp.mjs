import { createServer, createChannel, createClient } from "@callwire/transport";
import { EchoServiceDefinition, echoService } from "@callwire/testkit";
import { serverAttacks, attackInThread } from "@callwire/testkit/attacks";
import { fork } from "node:child_process";
import { monitorEventLoopDelay } from "node:perf_hooks";
const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
if (process.argv[2] === "server") {
  const server = createServer();
  server.add(EchoServiceDefinition, echoService());
  const port = await server.listen("127.0.0.1:0");
  process.send({ port });
  const delay = monitorEventLoopDelay({ resolution: 1 }); delay.enable();
  let c = process.cpuUsage(), late = 0; setInterval(() => { const d = process.cpuUsage(c); late = Math.max(late, (d.user + d.system) / 1000); c = process.cpuUsage(); }, 2);
  process.on("message", (m) => { if (m === "reset") { late = 0; gc(); process.send({}); } else { const r = process.memoryUsage(); process.send({ rss: r.rss, heap: r.heapUsed, ext: r.external + r.arrayBuffers, late, stats: server.stats }); } });
} else {
  const child = fork(process.argv[1], ["server"], { execArgv: ["--expose-gc"] });
  const next = () => new Promise((r) => child.once("message", r));
  const ask = (m) => { const n = next(); child.send(m); return n; };
  const { port } = await next();
  const channel = createChannel(`127.0.0.1:${port}`);
  const client = createClient(EchoServiceDefinition, channel);
  await client.echoUnary({ text: "a" });
  const only = process.argv[2];
  const secs = Number(process.argv[3] ?? 3);
  for (const { name } of serverAttacks) {
    if (only && !name.includes(only)) continue;
    await ask("reset");
    const t = [];
    let errors = 0;
    let peak = 0;
    {
      var att = attackInThread(name, port);
      const end = performance.now() + secs * 1000;
      let i = 0;
      while (performance.now() < end) {
        const s = performance.now();
        try { await client.echoUnary({ text: "a" }); } catch (e) { errors++; if (errors === 1) console.log(e.message); }
        t.push(performance.now() - s);
        if (i++ % 20 === 0) { const m = await ask("mem"); peak = Math.max(peak, m.rss); }
        await sleep(4);
      }
    }
    const m = await ask("mem");
    await att[Symbol.asyncDispose]();
    await sleep(100);
    await ask("reset");
    const after = await ask("mem");
    t.sort((a, b) => a - b);
    const mb = (x) => Math.round(x / 1e6) + "MB";
    console.log(name.padEnd(50), "p50", t[t.length >> 1].toFixed(1), "p99", t[Math.floor(t.length * 0.99)].toFixed(1), "max", t.at(-1).toFixed(1), "n", t.length, "err", errors, "late", m.late.toFixed(0), "rss peak", mb(peak), "after", mb(after.rss), mb(after.heap), "conns", m.stats.connectionsOpened, "calls", m.stats.callsStarted);
  }
  channel.close(); child.kill();
}
