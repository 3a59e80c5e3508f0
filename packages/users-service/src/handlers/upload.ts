import type { CreateUserRequest, UploadError, UploadSummary } from "@callwire/contracts/users";
import type { CreateResult } from "../domain/directory.js";

/** The rows of an upload that are committed together: enough to share a commit's cost, few enough not to delay other callers. */
const uploadBatchSize = 200;

/** The most problems that an upload's summary lists; `failed` counts on. */
export const MAX_UPLOAD_ERRORS = 1000;

/** An iterator that may say at once what is there already, and undefined if {@link next} would wait. */
interface Rows<T> extends AsyncIterator<T, unknown, undefined> {
  nextNow?(): IteratorResult<T> | undefined;
}

/**
 * Creates the rows of an upload, batch after batch. It reads one batch while the one before is committed, and no further:
 * then the sender must wait.
 *
 * @param create Commits a batch.
 */
export async function uploadRows(
  requests: AsyncIterable<CreateUserRequest>,
  create: (rows: CreateUserRequest[]) => Promise<CreateResult[]>,
): Promise<UploadSummary> {
  const tally = new UploadTally();
  const rows: Rows<CreateUserRequest> = requests[Symbol.asyncIterator]();
  let committing: Promise<void> = Promise.resolve();
  for (;;) {
    const batch = await nextBatch(rows, uploadBatchSize);
    try {
      await committing;
    } catch (error) {
      await rows.return?.();
      throw error;
    }
    if (batch.length === 0) return tally.summary();
    committing = create(batch).then((results) => tally.add(results));
    // Its failure is for the next round, and would count as unhandled until then.
    committing.catch(() => {});
  }
}

/** Takes as many rows as a batch has; fewer only at the end. */
async function nextBatch<T>(rows: Rows<T>, size: number): Promise<T[]> {
  const batch: T[] = [];
  while (batch.length < size) {
    const result = rows.nextNow?.() ?? (await rows.next());
    if (result.done) {
      break;
    }
    batch.push(result.value);
  }
  return batch;
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
          if (this.#errors.length < MAX_UPLOAD_ERRORS) this.#errors.push({ index, field, reason });
        }
      }
    }
  }

  summary(): UploadSummary {
    return { created: this.#created, failed: this.#rows - this.#created, errors: this.#errors };
  }
}
