import { checkOptions, checkValue, shown, type OptionRule } from "./check-options.js";
import { GRPC_JS_OPTIONS } from "./grpc-js-options.js";
import { required, rule, someOptions, text } from "./option-rules.js";
import { nearestName } from "./nearest-name.js";

/** The options of grpc-js that are texts. All others of its names are numbers, also those that say yes or no: `true` has no effect. */
const TEXTS: ReadonlySet<string> = new Set([
  "grpc.default_authority",
  "grpc.http_connect_creds",
  "grpc.http_connect_target",
  "grpc.primary_user_agent",
  "grpc.secondary_user_agent",
  "grpc.service_config",
  "grpc.ssl_target_name_override",
]);

/**
 * Checks the options of a channel of grpc-js, which passes over what it does not know.
 *
 * @throws {TypeError | RangeError} for a name that grpc-js has not, with the nearest that it has, and for a value of another type, or
 *   a number that is none.
 */
export function checkGrpcJsChannelOptions(owner: string, options: object): void {
  checkValue(owner, "channelOptions", options, required(someOptions));
  const names = Object.entries(GRPC_JS_OPTIONS).filter(([, { channel }]) => channel !== "-");
  const rules = Object.fromEntries(names.map(([name]) => [name, ruleOf(name)]));
  for (const [name, value] of Object.entries(options)) {
    if (typeof value === "number" && !(value >= -1)) {
      throw new RangeError(
        `${owner}: channelOptions['${name}'] is ${shown(value)}: it must be a number, 0 or more, or -1`,
      );
    }
    // C-core has more, and configurations are shared among languages.
    const foreign = /^grpc[.-]/.test(name) && nearestName(name, Object.keys(rules), 3) === undefined;
    if (!foreign) checkOptions(`${owner} (nice-grpc)`, { [name]: value }, rules);
  }
}

function ruleOf(name: string): OptionRule {
  if (TEXTS.has(name)) return text;
  return /^grpc[.-]/.test(name) ? number : anything;
}

const number = rule("a number; 1 is yes, and 0 no", (value) => typeof value === "number");
const anything = rule("anything", () => true);
