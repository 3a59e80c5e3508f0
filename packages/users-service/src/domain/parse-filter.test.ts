import { describe, expect, test } from "@jest/globals";

import { InvalidFields } from "./errors.js";
import { parseFilter } from "./parse-filter.js";

/** A filter with each operation in parentheses, to show what binds how. */
function shown(text: string): string {
  const show = (filter: ReturnType<typeof parseFilter>): string => {
    switch (filter?.type) {
      case undefined:
        return "all";
      case "and":
      case "or":
        return `(${filter.terms.map(show).join(` ${filter.type} `)})`;
      case "not":
        return `(not ${show(filter.term)})`;
      case "compare":
        return `${filter.field}${filter.comparator}${JSON.stringify(filter.value)}`;
      case "match":
        return `${filter.field} ${filter.where} ${JSON.stringify(filter.text)}`;
      case "has-role":
        return `role ${filter.role ?? "any"}`;
    }
  };
  return show(parseFilter(text));
}

function reasonOf(text: string): string {
  try {
    parseFilter(text);
  } catch (error) {
    if (
      error instanceof InvalidFields &&
      error.violations.length === 1 &&
      error.violations[0]?.field === "filter"
    ) {
      return error.violations[0].reason;
    }
    throw error;
  }
  return "none";
}

describe("parseFilter", () => {
  test.each([
    ["", "all"],
    [" \t\n ", "all"],
    ["age=1", "age=1"],
    ["  age  >=  -5  ", "age>=-5"],
    ["age=1 AND age=2 AND age=3", "(age=1 and age=2 and age=3)"],
    ["age=1 AND age=2 OR age=3 AND age=4", "(age=1 and (age=2 or age=3) and age=4)"],
    ["(age=1 AND age=2) OR age=3", "((age=1 and age=2) or age=3)"],
    ["NOT age=1 OR -age=2", "((not age=1) or (not age=2))"],
    ["NOT(age=1 OR age=2)", "(not (age=1 or age=2))"],
    ["-(-(age=1))", "(not (not age=1))"],
    ["age=1 AND-age=2", "(age=1 and (not age=2))"],
    ["age=1 AND(age=2)OR(age=3)", "(age=1 and (age=2 or age=3))"],
    ["department=ENGINEERING", "department=1"],
    ['department != "PRODUCT"', "department!=4"],
    ["name=AND", 'name="AND"'],
    ["name='it\\'s \"so\"'", 'name="it\'s \\"so\\""'],
    ['name="back\\\\slash"', 'name="back\\\\slash"'],
    ['name=""', 'name=""'],
    ["name=Ann*", 'name start "Ann"'],
    ['name="*nn"', 'name end "nn"'],
    ["name=*n*", 'name inside "n"'],
    ["name=*", 'name inside ""'],
    ["name!=A*", '(not name start "A")'],
    ['name="\\*nn\\*"', 'name="*nn*"'],
    ['name="a*b"', 'name="a*b"'],
    ["name>A*", 'name>"A*"'],
    ["email=ANN@X.com", 'email="ann@x.com"'],
    ["email=*@X.com", 'email end "@x.com"'],
    ["roles:admin AND roles : *", "(role admin and role any)"],
    ['roles:"*"', "role any"],
    ['roles:"\\*"', "role *"],
    ["created_at>1970-01-01T00:00:01Z", "created_at>1000"],
    ['updated_at<="1970-01-01t01:00:00.5+01:00"', "updated_at<=500"],
    ["created_at<1970-01-01T00:00:00.000250Z", "created_at<0.25"],
    ["created_at<0001-01-01T00:00:00z", "created_at<-62135596800000"],
  ])("reads %s as %s", (text, expected) => {
    expect(shown(text)).toBe(expected);
  });

  test.each([
    ["age", "column 4: expected =, !=, <, <=, > or >="],
    ["age=", "column 5: expected a value"],
    ["age=x", "column 5: expected a whole number"],
    ["age=1.5", "column 5: expected a whole number"],
    ["age=1 age=2", "column 7: expected AND, OR or the end"],
    ["age=1 and age=2", "column 7: expected AND, OR or the end"],
    ["age=1 AND", "column 10: expected id, name"],
    ["age=1 ANDage=2", "column 7: expected AND, OR or the end"],
    ["AND", "column 1: expected id, name"],
    ["ann", "column 1: expected id, name"],
    ["color=red", "column 1: expected id, name"],
    ["name:ann", "column 5: expected =, !=, <, <=, > or >="],
    ["roles=admin", "column 6: expected `:`"],
    ["department=engineering", "column 12: expected one of UNKNOWN, ENGINEERING"],
    ["department=1", "column 12: expected one of UNKNOWN"],
    ["(age=1", "column 7: expected AND, OR or )"],
    ["age=1)", "column 6: expected AND, OR or the end"],
    ["()", "column 2: expected id, name"],
    ["NOT NOT age=1", "column 5: expected id, name"],
    ["name='😀' x", "column 10: expected AND, OR or the end"],
    ['name="ann', 'column 6: expected " at the end'],
    ['name="ann\\', 'column 6: expected " at the end'],
    ["created_at>2026-01-31", "column 12: expected a time"],
    ["created_at>2026-02-29T00:00:00Z", "column 12: expected a time"],
    ["created_at>2026-01-01T24:00:00Z", "column 12: expected a time"],
    ["created_at>2026-01-01T00:00:00", "column 12: expected a time"],
    ["name=a\0", "has a NUL"],
    ["name=\ud800", "has a NUL or half of a surrogate pair"],
  ])("refuses %j: %s", (text, reason) => {
    expect(reasonOf(text)).toContain(reason);
  });

  test("takes 1000 characters and 20 parentheses, and no more", () => {
    const of = (length: number): string => `name="${"😀".repeat(length - 7)}"`;
    expect(reasonOf(of(1000))).toBe("none");
    expect(reasonOf(of(1001))).toBe("is longer than 1000 characters");
    const nested = (depth: number): string => `${"(".repeat(depth)}age=1${")".repeat(depth)}`;
    expect(reasonOf(nested(20))).toBe("none");
    expect(reasonOf(`${nested(20)} AND ${nested(20)}`)).toBe("none");
    expect(reasonOf(nested(21))).toContain("column 21: expected at most 20 parentheses");
  });

  test("throws nothing but its own error, whatever it is given", () => {
    const parts = [
      "age",
      "=",
      "1",
      " ",
      "AND ",
      "OR ",
      "NOT ",
      "-",
      "(",
      ")",
      '"',
      "'",
      "\\",
      "*",
      "roles",
      ":",
      "name",
      "😀",
    ];
    let state = 1;
    const outcomes = new Set<string>();
    for (let round = 0; round < 20_000; round++) {
      let text = "";
      for (let length = 0; length < 1 + (round % 12); length++) {
        state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
        text += parts[(state >> 8) % parts.length];
      }
      outcomes.add(reasonOf(text).split(" ")[0] ?? "");
    }
    expect(outcomes).toEqual(new Set(["none", "is"]));
  });
});
