import { setTimeout as wait } from "node:timers/promises";
import type { Resolver } from "@callwire/transport";

interface ConsulInstance {
  Node: { Address: string };
  Service: { Address: string; Port: number };
}

/** Resolves `consul:///service` to the instances that pass their checks, by Consul's blocking queries. */
export function consulResolver({ url = "http://127.0.0.1:8500", retryMs = 1000 } = {}): Resolver {
  return {
    resolve(address, listener) {
      const service = encodeURIComponent(address.replace("consul:///", ""));
      const stopped = new AbortController();
      const { signal } = stopped;
      const watch = async () => {
        let index = "0";
        while (!signal.aborted) {
          try {
            // Answers when something has changed since the index.
            const query = `${url}/v1/health/service/${service}?passing=true&wait=5m&index=${index}`;
            const response = await fetch(query, { signal });
            if (!response.ok) throw new Error(`Consul answers ${response.status}`);
            const instances = (await response.json()) as ConsulInstance[];
            index = response.headers.get("x-consul-index") ?? "0";
            listener.onAddresses(
              instances.map(({ Node, Service }) =>
                hostAndPort(Service.Address || Node.Address, Service.Port),
              ),
            );
          } catch (error) {
            if (signal.aborted) return;
            listener.onError(error as Error);
            index = "0";
            await wait(retryMs, undefined, { signal }).catch(() => {});
          }
        }
      };
      void watch();
      return { stop: () => stopped.abort() };
    },
  };
}

function hostAndPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
