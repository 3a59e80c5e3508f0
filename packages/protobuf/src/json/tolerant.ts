import { JsonError } from "./json-error.js";
import type { JsonSource } from "./json-source.js";

/** The most errors that are noted of one text; the next one is thrown. */
export const MAX_JSON_ERRORS = 100;

/**
 * Reads a part of a message whose errors are noted, and not thrown: what is wrong is passed over.
 *
 * @param part The name of a field, or an index: `[3]`.
 * @throws {JsonError} for text that is no JSON, or with more errors than {@link MAX_JSON_ERRORS}.
 */
export function readTolerantly(
  source: JsonSource,
  errors: JsonError[],
  part: string,
  read: () => void,
): void {
  const first = errors.length;
  const mark = source.mark();
  try {
    read();
  } catch (error) {
    if (!(error instanceof JsonError) || errors.length >= MAX_JSON_ERRORS) throw error;
    source.passOver(mark);
    errors.push(error);
  } finally {
    for (const error of errors.slice(first)) JsonError.within(part, error);
  }
}
