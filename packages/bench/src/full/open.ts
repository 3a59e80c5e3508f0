import { readFileSync } from "node:fs";
import pino, { type DestinationStream, type Logger } from "pino";
import { openUsers, type OpenUsers } from "./service.js";
import type { FullSettings } from "./settings.js";

/** Opens the users service's store with the callers of the tokens' file. */
export async function openFull({ service, database, tokens }: FullSettings): Promise<OpenUsers> {
  const lines = readFileSync(tokens, "utf8").trim().split("\n");
  const callers = new Map(
    lines.map((line) => {
      const [subject = "", token = ""] = line.split(" ");
      return [token, subject] as const;
    }),
  );
  return openUsers({ service, database, tokens: callers });
}

/**
 * A logger as pino's documentation has it for speed ("Asynchronous logging"): lines are gathered to 4 KiB, and written at
 * least each second, as the product's are.
 */
export function fileLogger({ log }: FullSettings): Logger {
  const destination: DestinationStream = pino.destination({
    dest: log,
    sync: false,
    minLength: 4096,
    periodicFlush: 1000,
  });
  return pino({ timestamp: pino.stdTimeFunctions.isoTime }, destination);
}
