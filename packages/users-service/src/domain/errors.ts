/** One field that is at fault. */
export interface Violation {
  /** The field, as the contract names it: `email`, `user.email`, `update_mask`. */
  readonly field: string;
  /** The mistake, for a person to read. */
  readonly reason: string;
}

/** The common base of the domain's errors, which differ by `kind`: see {@link DomainError}. */
abstract class DomainErrorBase extends Error {
  abstract readonly kind: string;

  constructor(message: string) {
    super(message);
    this.name = new.target.name;
  }
}

/** There is no user with this id. */
export class UserNotFound extends DomainErrorBase {
  readonly kind = "user-not-found";

  constructor(readonly id: string) {
    super(`There is no user ${JSON.stringify(id)}`);
  }
}

/** Another user has this email, compared without regard to case. */
export class EmailTaken extends DomainErrorBase {
  readonly kind = "email-taken";

  constructor(readonly email: string) {
    super(`The email ${JSON.stringify(email)} is taken`);
  }
}

/** Fields out of their limits: all of them, in the order in which they were found. */
export class InvalidFields extends DomainErrorBase {
  readonly kind = "invalid-fields";

  constructor(readonly violations: readonly Violation[]) {
    super(violations.map(({ field, reason }) => `${field} ${reason}`).join("; "));
  }
}

/** The user has changed since the caller's etag was made. */
export class EtagMismatch extends DomainErrorBase {
  readonly kind = "etag-mismatch";

  constructor(readonly id: string) {
    super(`The user ${JSON.stringify(id)} has changed since this etag was made`);
  }
}

/** The log of changes no longer reaches back to this position. */
export class PositionTooOld extends DomainErrorBase {
  readonly kind = "position-too-old";

  constructor() {
    super(
      "The changes after this resume token are no longer kept: read the directory anew and watch from now on",
    );
  }
}

/** A watcher read so slowly that the changes it has yet to see left the window. */
export class WatcherTooSlow extends DomainErrorBase {
  readonly kind = "watcher-too-slow";

  constructor() {
    super("The changes are read too slowly: come back with the last resume token");
  }
}

/** A participant of a chat read so slowly that its queue is full. */
export class ParticipantTooSlow extends DomainErrorBase {
  readonly kind = "participant-too-slow";

  constructor() {
    super("The messages are read too slowly");
  }
}

/** A list would look at more users than its time allows. */
export class ListTooLong extends DomainErrorBase {
  readonly kind = "list-too-long";

  /** @param filter The filter as the caller gave it. */
  constructor(
    readonly limitMs: number,
    filter = "",
  ) {
    super(
      `The list takes longer than ${limitMs} ms: ` +
        (filter === "" ? "order it by one field" : `narrow the filter ${JSON.stringify(filter)}`),
    );
  }
}

/** As many lists that take long are under way as may be. */
export class TooManyLists extends DomainErrorBase {
  readonly kind = "too-many-lists";

  constructor() {
    super("Too many lists that take long are under way: come back later, or narrow the filter");
  }
}

/** The disk has no room for a write. Nothing of it was kept. */
export class DiskFull extends DomainErrorBase {
  readonly kind = "disk-full";

  constructor(override readonly cause: unknown) {
    super("The disk of the service is full: nothing was written; come back when there is room");
  }
}

/** Every error that the domain makes on purpose: `switch` on `kind`. */
export type DomainError =
  | UserNotFound
  | EmailTaken
  | InvalidFields
  | EtagMismatch
  | PositionTooOld
  | WatcherTooSlow
  | ParticipantTooSlow
  | ListTooLong
  | TooManyLists
  | DiskFull;

/** True if an error was made by the domain on purpose; any other is a fault. */
export function isDomainError(error: unknown): error is DomainError {
  return error instanceof DomainErrorBase;
}
