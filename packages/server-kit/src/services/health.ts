import {
  HealthCheckResponse_ServingStatus as ServingStatus,
  type HealthDefinition,
  type HealthCheckRequest,
} from "@callwire/contracts/grpc/health/v1";
import { checkValue, rules, turnWork, type ServiceImplementation } from "@callwire/transport/server";
import { notFound } from "../errors/factories.js";

/** The states of a service's health (grpc.health.v1). */
export type Health = "SERVING" | "NOT_SERVING";

const healthRule = rules.required(rules.oneOf("SERVING", "NOT_SERVING"));

/** The health of a server and its services, as its clients and load balancers ask for it. */
export class HealthState {
  readonly #services = new Map<string, Health>([["", "SERVING"]]);
  readonly #watchers = new Set<() => void>();
  #stopped = false;

  /**
   * Sets the health of one service by its full name; `""` is the whole server. Does nothing once it was stopped.
   *
   * @throws {TypeError} for what is no name or no health.
   */
  set(service: string, health: Health): void {
    checkValue("health.set", "the service", service, rules.required(rules.text));
    checkValue("health.set", "the health", health, healthRule);
    if (this.#stopped) return;
    this.#services.set(service, health);
    this.#wakeAll();
  }

  /**
   * Sets the health of the whole server and of each service. Does nothing once it was stopped.
   *
   * @throws {TypeError} for what is no health.
   */
  setAll(health: Health): void {
    checkValue("health.setAll", "the health", health, healthRule);
    if (this.#stopped) return;
    for (const service of this.#services.keys()) this.#services.set(service, health);
    this.#wakeAll();
  }

  /** Sets all to NOT_SERVING for good: a check that still runs must not call a stopping server back to life. */
  stop(): void {
    this.setAll("NOT_SERVING");
    this.#stopped = true;
  }

  /** The health of one service; undefined if it has none by that name. */
  get(service: string): Health | undefined {
    return this.#services.get(service);
  }

  /** Every service with its health, the whole server under `""`. */
  get all(): ReadonlyMap<string, Health> {
    return this.#services;
  }

  /** There are thousands of them, of which each writes to its client. */
  #wakeAll(): void {
    void turnWork.each(this.#watchers, (wake) => wake());
  }

  /** Waits until something was set; rejects with the signal's reason. */
  async changed(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const settle = () => {
        this.#watchers.delete(settle);
        signal.removeEventListener("abort", settle);
        if (signal.aborted) reject(signal.reason as Error);
        else resolve();
      };
      this.#watchers.add(settle);
      signal.addEventListener("abort", settle);
    });
  }
}

/** Serves grpc.health.v1.Health: Check of an unknown name is NOT_FOUND, Watch of one says SERVICE_UNKNOWN and goes on. */
export function healthService(state: HealthState): ServiceImplementation<HealthDefinition> {
  return {
    async check({ service }: HealthCheckRequest) {
      const health = state.get(service);
      if (!health) throw notFound({ resource: "grpc.health.v1.Service", id: service });
      return { status: ServingStatus[health] };
    },
    async list() {
      return {
        statuses: new Map(
          Array.from(state.all, ([service, health]) => [service, { status: ServingStatus[health] }]),
        ),
      };
    },
    async *watch({ service }, { signal }) {
      let told: Health | "SERVICE_UNKNOWN" | undefined;
      for (;;) {
        const health = state.get(service) ?? "SERVICE_UNKNOWN";
        if (health !== told) {
          told = health;
          yield { status: ServingStatus[health] };
        } else await state.changed(signal);
      }
    },
  };
}
