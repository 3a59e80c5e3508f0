import { Status } from "nice-grpc-common";
import { fakeError, type FakeDetails } from "../fake-error.js";

const DOMAIN = "users.UserService";

/** One field that is at fault. */
export interface Violation {
  field: string;
  description: string;
}

/** Fields out of their limits: all that are wrong in one request. */
export class InvalidFields extends Error {
  readonly violations: readonly Violation[];

  constructor(violations: readonly Violation[]) {
    super(violations.map(({ field, description }) => `${field} ${description}`).join("; "));
    this.violations = violations;
  }
}

/** Gathers what is wrong with a request, so that all of it is told at once. */
export class Problems {
  readonly #violations: Violation[] = [];

  add(field: string, description: string | undefined): void {
    if (description !== undefined) this.#violations.push({ field, description });
  }

  /** Returns what `parse` returns; notes the {@link InvalidFields} that it throws. */
  attempt<T>(parse: () => T): T | undefined {
    try {
      return parse();
    } catch (error) {
      if (!(error instanceof InvalidFields)) throw error;
      this.#violations.push(...error.violations);
      return undefined;
    }
  }

  /** @throws {InvalidFields} if anything was noted. */
  throwIfAny(): void {
    if (this.#violations.length > 0) throw new InvalidFields(this.#violations);
  }
}

function failure(code: Status, reason: string, message: string, details: FakeDetails = {}): Error {
  return fakeError({ code, message, details: { errorInfo: { reason, domain: DOMAIN }, ...details } });
}

function aboutUser(code: Status, reason: string, message: string, resourceName: string): Error {
  return failure(code, reason, message, { resourceInfo: { resourceType: "users.User", resourceName } });
}

export function userNotFound(id: string): Error {
  return aboutUser(Status.NOT_FOUND, "USER_NOT_FOUND", `There is no user ${JSON.stringify(id)}`, id);
}

export function emailTaken(email: string): Error {
  return aboutUser(
    Status.ALREADY_EXISTS,
    "EMAIL_TAKEN",
    `The email ${JSON.stringify(email)} is taken`,
    email,
  );
}

export function etagMismatch(id: string): Error {
  const message = `The user ${JSON.stringify(id)} has changed since this etag was made`;
  return aboutUser(Status.ABORTED, "ETAG_MISMATCH", message, id);
}

export function tokenTooOld(): Error {
  const message = "The changes after this resume token are no longer kept";
  return failure(Status.OUT_OF_RANGE, "RESUME_TOKEN_TOO_OLD", message);
}

/** The status of an {@link InvalidFields}; anything else as it is. */
export function toStatus(error: unknown): unknown {
  if (!(error instanceof InvalidFields)) return error;
  return failure(Status.INVALID_ARGUMENT, "INVALID_FIELDS", error.message, {
    badRequest: { fieldViolations: [...error.violations] },
  });
}
