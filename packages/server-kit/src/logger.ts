import { checkOptions, rules, type RulesOf } from "@callwire/transport/server";
import { pino, type DestinationStream, type Logger, type LoggerOptions } from "pino";
import { lineBuffer, lineFile } from "./internal/line-buffer.js";
import { rememberLineLogger } from "./internal/line-logger.js";
import { redacted, redactor } from "./internal/redact.js";

export type { Logger };

/** Options for {@link createLogger}. */
export interface CreateLoggerOptions {
  /** The lowest level written. Default "info". */
  level?: LoggerOptions["level"];
  /** The service's name, in each line. Default: none. */
  name?: string;
  /**
   * Where the lines go: the path of a file, or a destination of pino's. Default: standard output. Lines to a path or to
   * standard output are written many at a time, within a tenth of a second, and when the process exits.
   */
  destination?: DestinationStream | string;
}

const optionRules: RulesOf<CreateLoggerOptions> = {
  level: rules.oneOf("trace", "debug", "info", "warn", "error", "fatal", "silent"),
  name: rules.text,
  destination: rules.either(
    rules.rule("the path of a file", rules.nonEmptyText.accepts),
    rules.objectWith("write"),
  ),
};

/**
 * Names of fields whose values are never written, at any depth down to four. Case, dashes and underscores make no
 * difference: `apiKey` is `API_KEY` and `api-key` too.
 */
export const secretFields: readonly string[] = [
  "authorization",
  "cookie",
  "setCookie",
  "password",
  "secret",
  "clientSecret",
  "token",
  "accessToken",
  "refreshToken",
  "idToken",
  "apiKey",
  "xApiKey",
  "privateKey",
];

/** A name in camel case, as it is and with dashes and underscores, as a path for pino. */
function spellings(name: string): string[] {
  const words = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return [...new Set([name, words, words.replaceAll("-", "_")])].map((spelling) => `["${spelling}"]`);
}

/** Standard output, whether or not a program has replaced `process.stdout`. */
const STDOUT = 1;

/** Makes a pino logger of JSON lines that replaces the values of {@link secretFields} by "[redacted]". */
export function createLogger(given: CreateLoggerOptions = {}): Logger {
  checkOptions("createLogger", given, optionRules);
  const { level = "info", name, destination = lineBuffer(STDOUT) } = given;
  // Pino's own `redact` costs some 30 µs a line with paths of wildcards: one walk over the fields costs less than one.
  const secrets = redactor(secretFields);
  const { redact } = secrets;
  const options: LoggerOptions = {
    level,
    base: name === undefined ? null : { name },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { log: redact, bindings: redact },
    // Children's own fields pass by the formatters above.
    redact: { paths: secretFields.flatMap(spellings), censor: redacted },
    // The walk makes plain objects of errors.
    serializers: { err: (error: unknown) => error },
  };
  const stream = typeof destination === "string" ? lineFile(destination) : destination;
  const logger = pino(options, stream);
  rememberLineLogger(logger, stream, secrets);
  return logger;
}
