import { isNativeError } from "node:util/types";
import { pino } from "pino";

/** The text that is written instead of a secret. */
export const redacted = "[redacted]";
const MAX_DEPTH = 4;
const normal = (name: string) => name.toLowerCase().replaceAll(/[-_]/g, "");

/** Keeps secrets out of the lines of a log. */
export interface Redactor {
  /**
   * Replaces the values of secret fields, at any depth down to four, and whatever the case of their names and the dashes in
   * them. Errors become plain objects on the way. What it is given is not changed.
   */
  redact(line: object): Record<string, unknown>;
  /** Gives the text to write instead of a field's value; undefined if it is no secret. */
  secretValue(name: string): string | undefined;
}

/** @param fields The names of the secrets. */
export function redactor(fields: readonly string[]): Redactor {
  const secret = new Set(fields.map(normal));
  const isSecretName = remembered((name) => secret.has(normal(name)));

  const redact = (value: unknown, depth: number): unknown => {
    if (typeof value !== "object" || value === null || depth > MAX_DEPTH) return value;
    if (isError(value)) return redact({ ...pino.stdSerializers.err(value) }, depth);
    if (ArrayBuffer.isView(value) || typeof (value as { toJSON?: unknown }).toJSON === "function")
      return value;
    if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1));
    return redactFields(value, depth);
  };
  const redactFields = (value: object, depth: number): Record<string, unknown> => {
    // Copied only if there is something to hide: most lines are flat and have nothing.
    let copy: Record<string, unknown> | undefined;
    for (const [name, field] of Object.entries(value)) {
      const clean = isSecretName(name) ? redacted : redact(field, depth + 1);
      if (clean !== field) {
        copy ??= { ...value };
        copy[name] = clean;
      }
    }
    return copy ?? (value as Record<string, unknown>);
  };

  return {
    redact: (line) => redactFields(line, 0),
    secretValue: (name) => (isSecretName(name) ? redacted : undefined),
  };
}

/** True also for what is an error by its prototype alone, as those of SQLite's driver are, and of an aborted signal. */
function isError(value: object): value is Error {
  return isNativeError(value) || value instanceof Error || value instanceof DOMException;
}

/** The most names whose answers are remembered: those in a program's text are few, those out of data are without end. */
const MAX_REMEMBERED = 1000;

function remembered(ask: (name: string) => boolean): (name: string) => boolean {
  const answers = new Map<string, boolean>();
  return (name) => {
    let answer = answers.get(name);
    if (answer === undefined) {
      answer = ask(name);
      if (answers.size < MAX_REMEMBERED) answers.set(name, answer);
    }
    return answer;
  };
}
