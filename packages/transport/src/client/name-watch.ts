import { timerMs } from "../http2/timers.js";
import type { Backoff } from "./backoff.js";
import { textOf } from "./call-errors.js";
import type { ProxyChoice } from "./proxy.js";
import type { Resolution, Resolver } from "./resolver.js";
import { formatAddress, parseSocketAddress, type SocketAddress } from "./target.js";

/** Hears of a name's addresses. */
export interface AddressListener {
  onAddresses(addresses: readonly SocketAddress[]): void;
  onError(error: Error): void;
}

/** Where addresses come from: a {@link Resolver} for one name. It may call back from within. */
export type AddressSource = (listener: AddressListener) => Resolution;

/** Addresses that stay as they are. */
export function fixedNames(addresses: readonly SocketAddress[]): AddressSource {
  return (listener) => {
    listener.onAddresses(addresses);
    return { stop() {} };
  };
}

/** The addresses of several sources, in their order. One that has not answered yet, or failed, does not hold up the others. */
export function joinedNames(sources: readonly AddressSource[]): AddressSource {
  if (sources.length === 1) return sources[0]!;
  return (listener) => {
    const found = sources.map((): readonly SocketAddress[] => []);
    const pending = new Set(sources.keys());
    let failure: Error | undefined;
    const say = () => {
      const addresses = found.flat();
      if (addresses.length > 0) listener.onAddresses(addresses);
      else if (pending.size === 0) listener.onError(failure ?? new Error("the names have no addresses"));
    };
    const resolutions = sources.map((source, index) =>
      source({
        onAddresses(addresses) {
          found[index] = addresses;
          pending.delete(index);
          say();
        },
        onError(error) {
          failure = error;
          pending.delete(index);
          say();
        },
      }),
    );
    return {
      refresh: () => {
        for (const resolution of resolutions) resolution.refresh?.();
      },
      stop: () => {
        for (const resolution of resolutions) resolution.stop();
      },
    };
  };
}

/** The addresses that a resolver finds for a name, each through the proxy chosen for it. */
export function resolvedNames(resolver: Resolver, name: string, proxyFor: ProxyChoice): AddressSource {
  const parse = (text: string): SocketAddress => {
    const address = parseSocketAddress(text);
    const proxy = "host" in address ? proxyFor(address.host, address.port) : undefined;
    return proxy === undefined ? address : { ...address, proxy };
  };
  return (listener) =>
    resolver.resolve(name, {
      onAddresses(texts) {
        let addresses: SocketAddress[];
        try {
          addresses = texts.map(parse);
        } catch (error) {
          listener.onError(error as Error);
          return;
        }
        listener.onAddresses(addresses);
      },
      onError: (error) => listener.onError(error),
    });
}

/** Keeps the addresses of a name while its channel is in use: resolves it when they are wanted, and tries again after an error. */
export class NameWatch {
  /** Why there are no addresses. */
  error = "";
  /** Those found last; none before that. */
  addresses: readonly SocketAddress[] = [];
  #resolution: Resolution | undefined;
  #isResolving = false;
  #hasFailed = false;
  #retryTimer: NodeJS.Timeout | undefined;
  /** Counts the resolutions: what one says that was stopped has no effect. */
  #generation = 0;
  readonly #source: AddressSource;
  readonly #backoff: Backoff;
  readonly #timeoutMs: number;
  #limitTimer: NodeJS.Timeout | undefined;
  readonly #onAddresses: (addresses: readonly SocketAddress[]) => void;
  readonly #onChange: () => void;

  /**
   * @param timeoutMs The time that addresses may take to come, in milliseconds; `Infinity` for no limit.
   * @param onAddresses Called when there are other addresses, or none any more.
   * @param onChange Called when the state has changed and the addresses have not.
   */
  constructor(
    source: AddressSource,
    backoff: Backoff,
    timeoutMs: number,
    onAddresses: (addresses: readonly SocketAddress[]) => void,
    onChange: () => void,
  ) {
    this.#source = source;
    this.#backoff = backoff;
    this.#timeoutMs = timeoutMs;
    this.#onAddresses = onAddresses;
    this.#onChange = onChange;
  }

  /** Failed while it must wait before it is asked again, or must be waited for. */
  get state(): "idle" | "resolving" | "failed" | "resolved" {
    if (this.addresses.length > 0) return "resolved";
    if (this.#isResolving) return "resolving";
    return this.#retryTimer !== undefined || (this.#hasFailed && !this.#canAsk) ? "failed" : "idle";
  }

  /** Somebody wants addresses: resolves the name, unless that is under way or must wait. */
  want(): void {
    if (this.addresses.length > 0 || this.#isResolving || this.#retryTimer !== undefined || !this.#canAsk)
      return;
    this.#isResolving = true;
    this.#limit();
    this.#onChange();
    if (this.#resolution === undefined) this.#begin();
    else this.refresh();
  }

  /** An address does not answer any more: there may be others. */
  refresh(): void {
    try {
      this.#resolution?.refresh?.();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Forgets the addresses, and looks no more until they are wanted again. */
  stop(): void {
    const resolution = this.#resolution;
    this.#generation++;
    this.#resolution = undefined;
    this.#isResolving = false;
    this.#hasFailed = false;
    this.addresses = [];
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#limitTimer);
    this.#retryTimer = undefined;
    try {
      resolution?.stop();
    } catch (error) {
      process.emitWarning(`a resolver's stop() has thrown: ${textOf(error)}`, { code: "CALLWIRE_RESOLVER" });
    }
  }

  get #canAsk(): boolean {
    return this.#resolution === undefined || this.#resolution.refresh !== undefined;
  }

  #begin(): void {
    const generation = ++this.#generation;
    const ifCurrent =
      <T>(use: (value: T) => void) =>
      (value: T): void => {
        if (generation === this.#generation) use(value);
      };
    try {
      const resolution = this.#source({
        onAddresses: ifCurrent((addresses) => this.#found(addresses)),
        onError: ifCurrent((error) => this.#failed(error)),
      });
      // It may have been stopped by what it said.
      if (generation === this.#generation) this.#resolution = resolution;
      else resolution.stop();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** A source that says nothing has failed after a while: calls must not wait for it for ever. */
  #limit(): void {
    if (this.#timeoutMs === Infinity) return;
    clearTimeout(this.#limitTimer);
    this.#limitTimer = setTimeout(() => {
      if (this.#isResolving) this.#failed(new Error(`the name has no addresses after ${this.#timeoutMs} ms`));
    }, timerMs(this.#timeoutMs)).unref();
  }

  #found(addresses: readonly SocketAddress[]): void {
    this.#isResolving = false;
    clearTimeout(this.#limitTimer);
    this.addresses = [...new Map(addresses.map((address) => [formatAddress(address), address])).values()];
    if (this.addresses.length === 0) this.#fail("the name has no addresses");
    else {
      this.#hasFailed = false;
      clearTimeout(this.#retryTimer);
      this.#retryTimer = undefined;
      this.#backoff.reset();
    }
    this.#onAddresses(this.addresses);
  }

  #failed(error: unknown): void {
    this.#isResolving = false;
    clearTimeout(this.#limitTimer);
    // Those known before are better than none.
    if (this.addresses.length > 0) return;
    this.#fail(textOf(error));
    this.#onChange();
  }

  #fail(error: string): void {
    this.error = error;
    this.#hasFailed = true;
    this.#retryTimer ??= setTimeout(() => {
      this.#retryTimer = undefined;
      this.#onChange();
    }, timerMs(this.#backoff.next())).unref();
  }
}
