import { EventEmitter, on } from "node:events";
import { createLogger, type Logger } from "../logger.js";

/** One line of a log. */
export type LogLine = Record<string, unknown>;

/** A logger that keeps its lines. */
export interface TestLog {
  logger: Logger;
  lines: LogLine[];
  /** The whole text that was written. */
  text: () => string;
  /** Waits for a line, past or future, that has these fields. */
  line: (fields: LogLine) => Promise<LogLine>;
}

/** Makes a logger whose lines a test reads. */
export function testLog(): TestLog {
  const lines: LogLine[] = [];
  const text: string[] = [];
  const written = new EventEmitter();
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
