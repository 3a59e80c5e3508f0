import { isAtLength, many, testProxies } from "./each-proxy.js";
import { freeAddress } from "./free-ports.js";
import { startLoad } from "./load.js";
import { startProxies } from "./proxy.js";
import { portOf, startService } from "./service.js";

const KILLS = isAtLength ? 5 : 1;

testProxies(
  "calls of a safe method are all answered while one of two servers is killed and comes back",
  async (programs) => {
    await using steady = await startService();
    let other = await startService("--address", await freeAddress());
    const ports = [steady.address, other.address].map(portOf);
    try {
      await using proxies = await startProxies(programs, () => ({ clear: ports }));
      using load = startLoad(proxies);
      await load.run(many(20));
      for (let kill = 0; kill < KILLS; kill++) {
        const during = load.run(many(100));
        await other.stop("SIGKILL");
        await during;
        load.expectAnswers();
        const back = load.run(many(50));
        other = await startService("--address", other.address);
        await back;
        await load.run(many(20));
        load.expectAnswers();
      }
    } finally {
      await other[Symbol.asyncDispose]();
    }
  },
  { timeoutMs: isAtLength ? 300_000 : 60_000 },
);
