import { checkOptions, rules, type OptionRule, type OptionRules } from "@callwire/transport/server";

const text = rules.nonEmptyText;
// What is no time to wait is left out, or 0, when it is sent.
const wait = rules.rule("a number of milliseconds", (value) => typeof value === "number");

/** An array whose elements are objects with these texts. */
function listWith(...names: readonly string[]): OptionRule {
  const isOne = (value: unknown) =>
    typeof value === "object" &&
    value !== null &&
    names.every((name) => typeof (value as Record<string, unknown>)[name] === "string");
  return rules.rule(
    `an array of { ${names.join(", ")} }, which are texts`,
    (value) => Array.isArray(value) && value.every(isOne),
  );
}

const common: OptionRules = {
  cause: rules.rule("anything", () => true),
  message: rules.text,
  metadata: rules.rule(
    "an object of texts",
    (value) =>
      rules.anyObject.accepts(value) &&
      Object.values(value as object).every((each) => typeof each === "string"),
  ),
  reason: text,
};

/** The options of the factories of errors. */
export const errorRules = {
  plain: common,
  withMessage: { ...common, message: rules.required(rules.text) },
  resource: {
    ...common,
    resource: rules.required(rules.rule("the type of a resource, such as 'users.User'", text.accepts)),
    id: rules.required(rules.rule("the id of a resource, as a text", rules.text.accepts)),
  },
  fields: { ...common, violations: rules.required(listWith("field", "description")) },
  preconditions: { ...common, violations: rules.required(listWith("type", "subject", "description")) },
  quotas: {
    ...common,
    message: rules.required(rules.text),
    retryAfterMs: wait,
    violations: listWith("subject", "description"),
  },
  retryable: { ...common, retryAfterMs: wait },
} as const satisfies Record<string, OptionRules>;

/**
 * Checks what a factory of errors is given. A name that it does not know passes if all else is right: the options may come from an object
 * with more in it, and a handler is about to fail with the error that it meant.
 *
 * @throws {TypeError | RangeError} As `checkOptions`.
 */
export function checkErrorOptions(owner: string, options: unknown, optionRules: OptionRules): void {
  const isObject = typeof options === "object" && options !== null;
  const isRight =
    isObject &&
    Object.entries(optionRules).every(([name, rule]) => {
      const value = (options as Record<string, unknown>)[name];
      return value === undefined ? rule.required !== true : rule.accepts(value);
    });
  if (!isRight) checkOptions(owner, options, optionRules);
}
