import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { ServiceError, type PhaseContext } from "@callwire/server-kit";
import { Status } from "nice-grpc-common";
import {
  DiskFull,
  EmailTaken,
  EtagMismatch,
  InvalidFields,
  ListTooLong,
  ParticipantTooSlow,
  PositionTooOld,
  TooManyLists,
  UserNotFound,
  WatcherTooSlow,
  type DomainError,
} from "../domain/errors.js";
import { domainErrors, toServiceError } from "./domain-errors.js";

/** What goes out for an error of each kind. */
const cases: {
  [Kind in DomainError["kind"]]: {
    error: Extract<DomainError, { kind: Kind }>;
    code: Status;
    reason: string;
    details: ServiceError["errorDetails"];
  };
} = {
  "user-not-found": {
    error: new UserNotFound("1"),
    code: Status.NOT_FOUND,
    reason: "USER_NOT_FOUND",
    details: { resource: { type: "users.User", name: "1" } },
  },
  "email-taken": {
    error: new EmailTaken("a@b"),
    code: Status.ALREADY_EXISTS,
    reason: "EMAIL_TAKEN",
    details: { resource: { type: "users.User", name: "a@b" } },
  },
  "invalid-fields": {
    error: new InvalidFields([
      { field: "name", reason: "is required" },
      { field: "age", reason: "is not between 0 and 150" },
    ]),
    code: Status.INVALID_ARGUMENT,
    reason: "INVALID_FIELDS",
    details: {
      fieldViolations: [
        { field: "name", description: "is required" },
        { field: "age", description: "is not between 0 and 150" },
      ],
    },
  },
  "etag-mismatch": {
    error: new EtagMismatch("1"),
    code: Status.ABORTED,
    reason: "ETAG_MISMATCH",
    details: { resource: { type: "users.User", name: "1" } },
  },
  "position-too-old": {
    error: new PositionTooOld(),
    code: Status.OUT_OF_RANGE,
    reason: "RESUME_TOKEN_TOO_OLD",
    details: {},
  },
  "watcher-too-slow": {
    error: new WatcherTooSlow(),
    code: Status.RESOURCE_EXHAUSTED,
    reason: "WATCHER_TOO_SLOW",
    details: { retryAfterMs: 0 },
  },
  "participant-too-slow": {
    error: new ParticipantTooSlow(),
    code: Status.RESOURCE_EXHAUSTED,
    reason: "PARTICIPANT_TOO_SLOW",
    details: {},
  },
  "list-too-long": {
    error: new ListTooLong(10, "age>30"),
    code: Status.RESOURCE_EXHAUSTED,
    reason: "LIST_TOO_LONG",
    details: {},
  },
  "disk-full": {
    error: new DiskFull(new Error("database or disk is full")),
    code: Status.RESOURCE_EXHAUSTED,
    reason: "DISK_FULL",
    details: {},
  },
  "too-many-lists": {
    error: new TooManyLists(),
    code: Status.RESOURCE_EXHAUSTED,
    reason: "TOO_MANY_LISTS",
    details: { retryAfterMs: 1000 },
  },
};

describe("every kind of error of the domain has a status, a reason and its details", () => {
  test.each(Object.entries(cases))("%s", (kind, { error, code, reason, details }) => {
    expect(error.kind).toBe(kind);
    const made = toServiceError(error);
    expect(made).toBeInstanceOf(ServiceError);
    expect({ code: made.code, reason: made.reason, message: made.details }).toEqual({
      code,
      reason,
      message: error.message,
    });
    expect(made.errorDetails).toEqual(details);
  });
});

test("docs/errors.md lists every reason with its code, and no other", () => {
  const text = readFileSync(new URL("../../../../docs/errors.md", import.meta.url), "utf8");
  const section = text.split(/^## /m).find((part) => part.startsWith("Reasons of the users service"));
  const rows = section?.matchAll(/^\| `([A-Z_]+)` +\| ([A-Z_]+) +\|/gm) ?? [];
  const documented = Array.from(rows, ([, reason = "", code]) => [reason, code] as const);
  const made = Object.values(cases).map(({ reason, code }) => [reason, Status[code]] as const);
  expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(made));
});

/** What goes out of the middleware for what a handler throws. */
function failedWith(thrown: unknown): unknown {
  return domainErrors().failed?.(thrown, {} as PhaseContext);
}

test("the middleware turns an error of the domain into the one that goes out", () => {
  expect(failedWith(new UserNotFound("1"))).toMatchObject({
    code: Status.NOT_FOUND,
    reason: "USER_NOT_FOUND",
  });
});

test("the middleware lets every other error pass as it is", () => {
  const fault = new Error("a fault");
  expect(failedWith(fault)).toBe(fault);
});
