import { pino, type DestinationStream, type Logger } from "pino";
import { IsoTime } from "./iso-time.js";

/** Writes lines of a logger that is known to the kit, past what makes a general logger slow. */
export interface LineLogger {
  /** Whether lines of a level are written at all. */
  isEnabled(level: string): boolean;
  /**
   * Writes a line.
   *
   * @param fields The fields between the logger's own and the message, as JSON, with a comma before each.
   */
  write(level: string, fields: string, message: string): void;
  /** The same fields without secrets. */
  redact(fields: Record<string, unknown>): Record<string, unknown>;
}

const known = new WeakMap<object, LineLogger>();

const { chindingsSym, hooksSym, mixinSym, needsMetadataGsym, streamSym } = pino.symbols as unknown as Record<
  "chindingsSym" | "hooksSym" | "mixinSym" | "needsMetadataGsym" | "streamSym",
  symbol
>;

/** The parts of a pino logger that its symbols name. */
interface Parts {
  readonly [part: symbol]: unknown;
}

/**
 * Makes a logger's lines be written straight to its destination, if it is as the kit makes it: JSON, numbers for levels,
 * times in ISO 8601. The logger stays what it is; a child of it is another one.
 */
export function rememberLineLogger(
  logger: Logger,
  destination: DestinationStream,
  redact: LineLogger["redact"],
): void {
  const parts = logger as unknown as Parts;
  const hooks = parts[hooksSym] as { logMethod?: unknown; streamWrite?: unknown } | undefined;
  const isPlain =
    parts[streamSym] === destination &&
    (destination as unknown as Parts)[needsMetadataGsym] !== true &&
    parts[mixinSym] === undefined &&
    hooks?.logMethod === undefined &&
    hooks?.streamWrite === undefined;
  if (!isPlain) return;
  const numbers = logger.levels.values;
  const time = new IsoTime();
  known.set(logger, {
    isEnabled: (level) => numbers[level]! >= logger.levelVal,
    write(level, fields, message) {
      // Read for each line, since `setBindings` may change them.
      const bindings = parts[chindingsSym] as string;
      destination.write(
        `{"level":${numbers[level]},"time":"${time.format(Date.now())}"${bindings}${fields},"msg":"${message}"}\n`,
      );
    },
    redact,
  });
}

/** The {@link LineLogger} of a logger; undefined if it is not one that the kit has made. */
export function lineLoggerOf(logger: object): LineLogger | undefined {
  return known.get(logger);
}
