/**
 * Something that a peer without credentials does to a server of the echo service, for as long as it is let. It goes on with a
 * new connection when it is thrown out.
 */
export interface Attack {
  readonly name: string;
  /** Resolves once the signal has aborted and all its connections are closed. */
  run(port: number, signal: AbortSignal): Promise<void>;
}
