import { EventEmitter, on } from "node:events";
import { createLogger, type Logger } from "../logger.js";

/** One line of a log, read. */
export type LogLine = Readonly<Record<string, unknown>>;

/** A log that a test reads. */
export interface RecordedLog {
  /** Writes the lines, from level debug on. As `createLogger` makes them: secrets are redacted. */
  readonly logger: Logger;
  /** All lines so far. */
  readonly lines: readonly LogLine[];
  /** The whole text so far. */
  text(): string;
  /** Waits for a line, past or future, that has these fields. */
  line(fields: LogLine): Promise<LogLine>;
}

/** Makes a logger that keeps its lines. */
export function recordLog(): RecordedLog {
  const lines: LogLine[] = [];
  const text: string[] = [];
  const written = new EventEmitter().setMaxListeners(0);
  const logger = createLogger({
    level: "debug",
    destination: {
      write(line) {
        text.push(line);
        lines.push(JSON.parse(line) as LogLine);
        written.emit("line");
      },
    },
  });
  return {
    logger,
    lines,
    text: () => text.join(""),
    async line(fields) {
      const find = () =>
        lines.find((line) => Object.entries(fields).every(([name, value]) => line[name] === value));
      let found = find();
      if (found) return found;
      for await (const _ of on(written, "line")) {
        found = find();
        if (found) break;
      }
      return found as LogLine;
    },
  };
}
