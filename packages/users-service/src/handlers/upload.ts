import type { UploadError, UploadSummary } from "@callwire/contracts/users";
import type { CreateResult } from "../domain/directory.js";

/** How many rows of an upload are committed together: enough to share the cost of a commit, few enough not to hold up other callers. */
export const uploadBatchSize = 500;

/** How many problems an upload's summary lists at most; `failed` counts on. */
export const maxUploadErrors = 1000;

/** Cuts a stream into batches. It reads on only when a batch has been taken care of: the sender has to wait. */
export async function* inBatches<T>(rows: AsyncIterable<T>, size: number): AsyncGenerator<T[], void> {
  let batch: T[] = [];
  for await (const row of rows) {
    batch.push(row);
    if (batch.length === size) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

/** Counts what came of the rows of an upload. */
export class UploadTally {
  #rows = 0;
  #created = 0;
  readonly #errors: UploadError[] = [];

  add(results: readonly CreateResult[]): void {
    for (const result of results) {
      const index = this.#rows++;
      if ("user" in result) this.#created++;
      else {
        const violations =
          result.error.kind === "invalid-fields"
            ? result.error.violations
            : [{ field: "email", reason: result.error.message }];
        for (const { field, reason } of violations) {
          if (this.#errors.length < maxUploadErrors) this.#errors.push({ index, field, reason });
        }
      }
    }
  }

  summary(): UploadSummary {
    return { created: this.#created, failed: this.#rows - this.#created, errors: this.#errors };
  }
}
