import { afterReads, timerMs } from "./timers.js";

/** Identifiers and values of SETTINGS (RFC 9113, section 6.5.1). */
export type SettingsEntries = readonly (readonly [id: number, value: number])[];

/** The part of a connection that {@link LocalSettings} needs. */
export interface SettingsPeer {
  readonly sender: { settings(entries: SettingsEntries): void };
  /** When something was read last, by the clock of `performance.now()`. */
  readonly lastReadAt: number;
  readonly options: { readonly handshakeTimeoutMs: number };
}

/** The SETTINGS that we send, until the peer has acknowledged them (RFC 9113, section 6.5.3). */
export class LocalSettings {
  readonly #connection: SettingsPeer;
  readonly #onTimeout: () => void;
  #unacknowledged = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param onTimeout The peer has not acknowledged them, and was silent, for `handshakeTimeoutMs`. */
  constructor(connection: SettingsPeer, onTimeout: () => void) {
    this.#connection = connection;
    this.#onTimeout = onTimeout;
  }

  send(entries: SettingsEntries): void {
    this.#connection.sender.settings(entries);
    this.#unacknowledged++;
    this.#timer ??= this.#waitFor(this.#connection.options.handshakeTimeoutMs);
  }

  #waitFor(ms: number): NodeJS.Timeout {
    const timer = setTimeout(() => afterReads(() => this.#timer === timer && this.#look()), timerMs(ms));
    return timer.unref();
  }

  #look(): void {
    const { lastReadAt, options } = this.#connection;
    const left = lastReadAt + options.handshakeTimeoutMs - performance.now();
    // Over a slow link the acknowledgement may stand behind much else.
    if (left > 0) this.#timer = this.#waitFor(left);
    else this.#onTimeout();
  }

  /** The peer has acknowledged the first of them; false if there were none. */
  acknowledge(): boolean {
    if (this.#unacknowledged === 0) return false;
    if (--this.#unacknowledged === 0) this.close();
    return true;
  }

  /** Waits for no acknowledgement any more. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
