import { checkOptions, checkValue, shown } from "./check-options.js";
import { GRPC_JS_OPTIONS } from "./grpc-js-options.js";
import { required, someOptions } from "./option-rules.js";
import { nearestName } from "./nearest-name.js";

/**
 * Checks the options of a channel of grpc-js, which passes over what it does not know.
 *
 * @throws {TypeError | RangeError} for a name that grpc-js has not, with the nearest that it has, and for a number that is none.
 */
export function checkGrpcJsChannelOptions(owner: string, options: object): void {
  checkValue(owner, "channelOptions", options, required(someOptions));
  const names = Object.entries(GRPC_JS_OPTIONS).filter(([, { channel }]) => channel !== "-");
  const rules = Object.fromEntries(names.map(([name]) => [name, { allowed: "", accepts: () => true }]));
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
