import { findStaticName } from "./static-table.js";

/**
 * Names whose values change with each call. They are sent as literals without indexing (RFC 7541, section
 * 6.2.2): an entry that is never used again would only push out those that are. The first value does go to the
 * table if it is short, so that later ones refer to its name.
 */
const VOLATILE_NAMES: ReadonlySet<string> = new Set([
  "grpc-timeout",
  "grpc-message",
  "grpc-status-details-bin",
  "grpc-trace-bin",
  "grpc-tags-bin",
  "grpc-previous-rpc-attempts",
  "grpc-retry-pushback-ms",
  "traceparent",
  "tracestate",
  "baggage",
  "x-request-id",
  "x-correlation-id",
  "x-b3-traceid",
  "x-b3-spanid",
  "idempotency-key",
  "content-length",
  "date",
  "age",
  "etag",
  "if-match",
  "if-none-match",
  "if-modified-since",
  "last-modified",
]);

/** Names that carry secrets on most connections. */
const CREDENTIAL_NAMES: ReadonlySet<string> = new Set([
  "authorization",
  "proxy-authorization",
  "cookie",
  "set-cookie",
  "x-api-key",
]);

/** A credential shorter than this could be guessed through the table (RFC 7541, section 7.1.3). */
const MIN_INDEXED_CREDENTIAL = 20;

/** A volatile field's value longer than this does not go to the table for its name's sake. */
const MAX_NAME_CARRIER = 64;

/** The number of values that a name may add on trial, before one of them repeats. */
const TRIAL_CREDIT = 8;
const MAX_CREDIT = 32;

/** A value that is sent so many times in a row is taken for one that repeats, whatever its name. */
const LEARNT_AFTER = 4;

/** An encoder's knowledge of one name. */
export class NameRecord {
  readonly name: string;
  /** Its first entry in the static table, or 0. */
  readonly staticIndex: number;
  /** Which values it has in the static table, and where. */
  readonly staticValues: ReadonlyMap<string, number> | undefined;
  /** The values that are in the dynamic table, and the serial number of each one's entry. */
  readonly values = new Map<string, number>();
  /** The value that was added last, and the serial number of its entry; it may have been evicted. */
  newestValue = "";
  newestSerial = -1;

  readonly #volatile: boolean;
  readonly #credential: boolean;
  readonly #sensitive: boolean;
  #credit = TRIAL_CREDIT;
  /** The last value that was sent as a literal, and how many times in a row. */
  #literal = "";
  #timesInARow = 0;

  constructor(name: string, sensitive: boolean) {
    this.name = name;
    const fixed = findStaticName(name);
    this.staticIndex = fixed?.index ?? 0;
    this.staticValues = fixed?.values;
    this.#volatile = VOLATILE_NAMES.has(name);
    this.#credential = CREDENTIAL_NAMES.has(name);
    this.#sensitive = sensitive;
  }

  /** True if the field is to be sent as never indexed, by us and by proxies (RFC 7541, section 6.2.3). */
  isNeverIndexed(value: string): boolean {
    return this.#sensitive || (this.#credential && value.length < MIN_INDEXED_CREDENTIAL);
  }

  /** Notes that `value` goes out as a literal; whether it did so again and again. */
  isRepeated(value: string): boolean {
    if (value !== this.#literal) {
      this.#literal = value;
      this.#timesInARow = 0;
    }
    return ++this.#timesInARow >= LEARNT_AFTER;
  }

  /**
   * True if a value that is not known to repeat is worth an entry: of a volatile name the first one, for the name's sake, and
   * of others any, as long as they turn out to repeat.
   */
  isWorthATry(value: string): boolean {
    return this.#volatile ? this.values.size === 0 && value.length <= MAX_NAME_CARRIER : this.#credit > 0;
  }

  /** Notes that an entry of this name was used again. */
  reused(): void {
    if (this.#credit < MAX_CREDIT) this.#credit++;
  }

  /** Notes that `value` was added to the dynamic table, as its entry number `serial`. */
  added(value: string, serial: number): void {
    this.#credit--;
    this.values.set(value, serial);
    this.newestValue = value;
    this.newestSerial = serial;
  }
}
