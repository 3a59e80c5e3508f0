import { timerMs } from "./timers.js";

/** Identifiers and values of SETTINGS (RFC 9113, section 6.5.1). */
export type SettingsEntries = readonly (readonly [id: number, value: number])[];

/** The part of a connection that {@link LocalSettings} needs. */
export interface SettingsPeer {
  readonly sender: { settings(entries: SettingsEntries): void };
  readonly options: { readonly handshakeTimeoutMs: number };
}

/** The SETTINGS that we send, until the peer has acknowledged them (RFC 9113, section 6.5.3). */
export class LocalSettings {
  readonly #connection: SettingsPeer;
  readonly #onTimeout: () => void;
  #unacknowledged = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param onTimeout The peer has not acknowledged them within `handshakeTimeoutMs`. */
  constructor(connection: SettingsPeer, onTimeout: () => void) {
    this.#connection = connection;
    this.#onTimeout = onTimeout;
  }

  send(entries: SettingsEntries): void {
    const { sender, options } = this.#connection;
    sender.settings(entries);
    this.#unacknowledged++;
    this.#timer ??= setTimeout(this.#onTimeout, timerMs(options.handshakeTimeoutMs)).unref();
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
