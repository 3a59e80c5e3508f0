import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";

// Several calls arrive in one read of a socket. What one of them enters into an AsyncLocalStorage must not be seen by the
// next, and its own later phases must see it. So each call runs in a scope of its own, if somebody uses AsyncLocalStorage.

/** Where everything of one call runs. */
export interface CallScope {
  run<T>(what: () => T): T;
}

/** Opens the scopes of a server's calls. */
export interface CallScopes {
  /** A scope with what was entered when the server was made; undefined if nobody uses AsyncLocalStorage. */
  open(): CallScope | undefined;
  /** A scope with what is entered now; undefined if nobody uses AsyncLocalStorage. */
  here(): CallScope | undefined;
}

/** Node.js marks each promise with this while hooks follow promises, which is how AsyncLocalStorage works before Node.js 24. */
const idSymbol = Object.getOwnPropertySymbols(new AsyncResource("callwire.probe")).find(
  (symbol) => symbol.description === "async_id_symbol",
);

/** Makes the scopes of a server. */
export function createCallScopes(): CallScopes {
  return idSymbol === undefined || hasContextFrames() ? new FrameScopes() : new HookScopes(idSymbol);
}

/** True if AsyncLocalStorage keeps its stores in a frame beside each promise, and no hook is called. */
function hasContextFrames(): boolean {
  const { versions, execArgv, env } = process;
  if (versions["bun"] !== undefined || versions["deno"] !== undefined) return true;
  const options = `${execArgv.join(" ")} ${env["NODE_OPTIONS"] ?? ""}`;
  if (/--no-(?:experimental-)?async-context-frame/.test(options)) return false;
  return Number.parseInt(versions.node, 10) >= 24 || /--(?:experimental-)?async-context-frame/.test(options);
}

/** Until Node.js 24: a store is a property of the resource that runs, and a call needs a resource of its own. */
class HookScopes implements CallScopes {
  readonly #idSymbol: symbol;
  readonly #outside = new AsyncResource("callwire.server");
  /** Hooks that were on once are likely to be on again. */
  #inUse = false;

  constructor(symbol: symbol) {
    this.#idSymbol = symbol;
  }

  open(): CallScope | undefined {
    return this.#isInUse() ? this.#outside.runInAsyncScope(() => new ResourceScope()) : undefined;
  }

  here(): CallScope | undefined {
    return this.#isInUse() ? new ResourceScope() : undefined;
  }

  #isInUse(): boolean {
    // A new promise costs less than all other ways to learn whether promises are followed.
    this.#inUse ||=
      (Promise.resolve() as unknown as { [key: symbol]: unknown })[this.#idSymbol] !== undefined;
    return this.#inUse;
  }
}

class ResourceScope extends AsyncResource implements CallScope {
  constructor() {
    super("callwire.call");
  }

  run<T>(what: () => T): T {
    return this.runInAsyncScope(what);
  }
}

/** From Node.js 24 on, and in other runtimes: the stores of a moment can be kept, and come back, at little cost. */
class FrameScopes implements CallScopes {
  readonly #outside = AsyncLocalStorage.snapshot();

  open(): CallScope {
    return new FrameScope(this.#outside);
  }

  here(): CallScope {
    return new FrameScope(AsyncLocalStorage.snapshot());
  }
}

class FrameScope implements CallScope {
  #frame: ReturnType<typeof AsyncLocalStorage.snapshot>;

  constructor(frame: ReturnType<typeof AsyncLocalStorage.snapshot>) {
    this.#frame = frame;
  }

  run<T>(what: () => T): T {
    return this.#frame(() => {
      try {
        return what();
      } finally {
        // The handler sees what a phase has entered.
        this.#frame = AsyncLocalStorage.snapshot();
      }
    });
  }
}
