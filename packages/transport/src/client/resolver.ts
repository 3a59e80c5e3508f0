/**
 * Finds the addresses that a channel's name stands for, and says so again whenever they change: for a registry such as Consul
 * or Kubernetes. Given to a channel as its option `resolver`; without it names are resolved by DNS.
 */
export interface Resolver {
  /**
   * Begins to watch a name: when its channel is first used, and again after the channel was idle. What it throws counts as
   * {@link ResolverListener.onError}, and it is asked again after a while.
   *
   * @param address The address that the channel was made with.
   * @param listener Called as often as there is something to say, also from within this call; once stopped, without effect.
   */
  resolve(address: string, listener: ResolverListener): Resolution;
}

/** Takes the addresses that a {@link Resolver} finds. Neither method throws. */
export interface ResolverListener {
  /**
   * All the addresses that there are now: `host:port`, `[ipv6]:port` or `unix:path`. Connections to addresses that are not
   * named any more are closed when their calls have ended. With none at all, calls fail with UNAVAILABLE.
   */
  onAddresses(addresses: readonly string[]): void;
  /** The addresses cannot be found now. Those known before are still used; without any, calls fail with UNAVAILABLE. */
  onError(error: Error): void;
}

/** A name that is being watched by a {@link Resolver}. */
export interface Resolution {
  /**
   * Looks again: a connection was lost or could not be made, or a wait after an error is over. A resolver that hears of changes
   * by itself, and tries again by itself after an error, needs none.
   */
  refresh?(): void;
  /** Stops watching: the channel is closed or idle. */
  stop(): void;
}
