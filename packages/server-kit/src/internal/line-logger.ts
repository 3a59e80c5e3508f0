import { pino, type DestinationStream, type Logger } from "pino";
import { IsoTime } from "./iso-time.js";
import { flatJsonWriter } from "./json-text.js";
import type { Redactor } from "./redact.js";

/** Writes lines of a logger that is known to the kit, past what makes a general logger slow. */
export interface LineLogger {
  /** True if lines of a level are written at all. */
  isEnabled(level: string): boolean;
  /**
   * Writes a line.
   *
   * @param time In whole milliseconds since the epoch.
   * @param fields The fields between the logger's own and the end, as JSON, with a comma before each.
   * @param end The last field and the brace, as {@link lineEnd} makes it.
   */
  write(level: string, time: number, fields: string, end: string): void;
  /** Fields as JSON, without secrets, with a comma before each; undefined if one is neither text, a number nor a boolean. */
  flatFields(fields: Record<string, unknown>): string | undefined;
}

/** The end of a line, with its message. */
export function lineEnd(message: string): string {
  return `,"msg":${JSON.stringify(message)}}\n`;
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
  { secretValue }: Redactor,
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
  const times = new IsoTime();
  const starts = new Map(
    Object.entries(numbers).map(([name, level]) => [name, `{"level":${level},"time":"`]),
  );
  let lastLevel = "";
  let lastTime = NaN;
  let bindings: unknown;
  /** The text before the fields of a line of the last level and time. */
  let start = "";
  known.set(logger, {
    isEnabled: (level) => numbers[level]! >= logger.levelVal,
    write(level, time, fields, end) {
      // Read for each line, since `setBindings` may change them.
      if (time !== lastTime || level !== lastLevel || parts[chindingsSym] !== bindings) {
        lastTime = time;
        lastLevel = level;
        bindings = parts[chindingsSym];
        start = [starts.get(level)!, times.format(time), `"`, bindings].join("");
      }
      destination.write(start + fields + end);
    },
    flatFields: flatJsonWriter(secretValue),
  });
}

/** The {@link LineLogger} of a logger; undefined if it is not one that the kit has made. */
export function lineLoggerOf(logger: object): LineLogger | undefined {
  return known.get(logger);
}
