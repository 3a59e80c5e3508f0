import { InvalidFields, type Violation } from "./errors.js";
import {
  MAX_AGE,
  MAX_EMAIL_LENGTH,
  MAX_ID_LENGTH,
  MAX_NAME_LENGTH,
  MAX_REQUEST_ID_LENGTH,
  MAX_ROLE_LENGTH,
  MAX_ROLES,
} from "./limits.js";
import { DEPARTMENTS, USER_FIELDS, type UserField, type UserFields } from "./user.js";

/** NUL, which SQLite's text cannot hold, and halves of surrogate pairs, which UTF-8 cannot. */
const UNSTORABLE = /[\0\p{Surrogate}]/u;

/** The lengths that a text may have, in code points. */
export interface TextLimits {
  readonly min: 0 | 1;
  readonly max: number;
}

/** Why a text is refused, or undefined if it is within its limits. Lengths are in code points. */
export function textProblem(text: string, { min, max }: TextLimits): string | undefined {
  if (text === "" && min > 0) {
    return "is required";
  }
  if (longerThan(text, max)) {
    return `is longer than ${max} characters`;
  }
  return isSuspicious(text) && UNSTORABLE.test(text) ? "has a NUL or half of a surrogate pair" : undefined;
}

/** True if a text may be {@link UNSTORABLE}; hardly any is. */
function isSuspicious(text: string): boolean {
  // Below zero once one is found.
  let signs = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    signs |= (char - 1) | ((char ^ 0xd800) - 0x800);
  }
  return signs < 0;
}

/** A code point is one or two UTF-16 units, so most lengths need no counting. */
function longerThan(text: string, max: number): boolean {
  return text.length > max && (text.length > 2 * max || Array.from(text).length > max);
}

/** Gathers what is wrong with one request, so that all of it is told at once. */
export class Problems {
  #violations: Violation[] | undefined;

  /** Everything that was noted; undefined if nothing was. */
  get error(): InvalidFields | undefined {
    return this.#violations && new InvalidFields(this.#violations);
  }

  /** Notes a problem; undefined is none. */
  add(field: string, reason: string | undefined): void {
    if (reason !== undefined) {
      (this.#violations ??= []).push({ field, reason });
    }
  }

  /** Returns what `parse` returns; if it throws {@link InvalidFields}, notes them and returns undefined. */
  attempt<T>(parse: () => T): T | undefined {
    try {
      return parse();
    } catch (error) {
      if (!(error instanceof InvalidFields)) {
        throw error;
      }
      (this.#violations ??= []).push(...error.violations);
      return undefined;
    }
  }

  /** @throws {InvalidFields} if anything was noted. */
  throwIfAny(): void {
    const { error } = this;
    if (error !== undefined) {
      throw error;
    }
  }
}

const ID: TextLimits = { min: 1, max: MAX_ID_LENGTH };
const REQUEST_ID: TextLimits = { min: 0, max: MAX_REQUEST_ID_LENGTH };
const NAME: TextLimits = { min: 1, max: MAX_NAME_LENGTH };
const EMAIL: TextLimits = { min: 1, max: MAX_EMAIL_LENGTH };
const ROLE: TextLimits = { min: 1, max: MAX_ROLE_LENGTH };

/** Notes what is wrong with the id that names a user. */
export function checkId(problems: Problems, id: string, field = "id"): void {
  problems.add(field, textProblem(id, ID));
}

/** @throws {InvalidFields} if something is wrong with the id that names a user. */
export function requireId(id: string): void {
  const reason = textProblem(id, ID);
  if (reason !== undefined) {
    throw new InvalidFields([{ field: "id", reason }]);
  }
}

/** Notes what is wrong with a request id; empty is none. */
export function checkRequestId(problems: Problems, requestId: string): void {
  problems.add("request_id", textProblem(requestId, REQUEST_ID));
}

/** Which fields to check, and what stands before their names in a violation, such as `user.`. */
export interface CheckFieldsOptions {
  /** Default: all. */
  only?: readonly UserField[];
  /** Default: nothing. */
  prefix?: string;
}

/** Notes what is wrong with what a client set of a user. */
export function checkFields(
  problems: Problems,
  fields: UserFields,
  { only = USER_FIELDS, prefix = "" }: CheckFieldsOptions = {},
): void {
  for (const field of only) {
    const problem = fieldProblem(fields, field);
    if (problem !== undefined) {
      problems.add(prefix + field, problem);
    }
  }
}

function fieldProblem(fields: UserFields, field: UserField): string | undefined {
  switch (field) {
    case "name":
      return textProblem(fields.name, NAME) ?? blankProblem(fields.name);
    case "email":
      return textProblem(fields.email, EMAIL) ?? addressProblem(fields.email);
    case "age":
      return wholeNumber(fields.age, MAX_AGE) ? undefined : `is not between 0 and ${MAX_AGE}`;
    case "department":
      return wholeNumber(fields.department, DEPARTMENTS.length - 1)
        ? undefined
        : "is not a number that the enum names";
    case "roles":
      return rolesProblem(fields.roles);
  }
}

function wholeNumber(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= max;
}

function blankProblem(text: string): string | undefined {
  return text.trim() === "" ? "is only white space" : undefined;
}

/** The form only: that an address takes mail can be found out only by sending some. */
function addressProblem(email: string): string | undefined {
  return /^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+$/u.test(email)
    ? undefined
    : "is not an address of the form local@domain";
}

function rolesProblem(roles: readonly string[]): string | undefined {
  if (roles.length > MAX_ROLES) {
    return `has more than ${MAX_ROLES} items`;
  }
  for (const [index, role] of roles.entries()) {
    const problem = textProblem(role, ROLE);
    if (problem !== undefined) {
      return `has an item (number ${index + 1}) that ${role === "" ? "is empty" : problem}`;
    }
    if (roles.indexOf(role) < index) {
      return `has the item ${JSON.stringify(role)} twice`;
    }
  }
  return undefined;
}
