import { GRPC_JS_OPTIONS, usedNames } from "./grpc-js-options.js";
import { didYouMean } from "./nearest-name.js";

/** The most letters that may be wrong in a name of gRPC's: those are long, and many are alike. */
const MAX_DISTANCE = 3;

/** The names that were warned of already: once in a process. */
const warned = new Set<string>();

/**
 * Looks at the names of the options that a channel or server is given. An option of grpc-js, or another gRPC, that has no meaning
 * here is warned of (`CALLWIRE_UNUSED_OPTION`).
 *
 * @param own The names of our own that there are on this side.
 * @throws {TypeError} for a name that is none, or is a slip of the pen, with the nearest right one.
 */
export function checkOptionNames(side: "channel" | "server", options: object, own: readonly string[]): void {
  const used = [...own, ...usedNames(side)];
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || used.includes(name)) continue;
    const known = Object.hasOwn(GRPC_JS_OPTIONS, name) ? GRPC_JS_OPTIONS[name] : undefined;
    if (known !== undefined) {
      if (known[side] !== "no" || known.asHere !== value) {
        warnUnused(name, `of a ${side}`, known[side] === "no" ? known.note : "");
      }
      continue;
    }
    const isOfGrpc = /^grpc[.-]/.test(name);
    const hint = didYouMean(name, alike(name, used), isOfGrpc ? MAX_DISTANCE : Infinity);
    // Those of C-core are many, and configurations are shared among languages.
    if (hint !== "" || !isOfGrpc) throw new TypeError(`a ${side} has no option '${name}'${hint}`);
    warnUnused(name, `of a ${side}`, "");
  }
}

/** gRPC's names resemble each other, and ours each other. */
function alike(name: string, used: readonly string[]): readonly string[] {
  const isOfGrpc = name.startsWith("grpc.");
  return isOfGrpc ? used.filter((one) => one.startsWith("grpc.")) : used;
}

/** Says once that an option, or a part of one, has no effect. */
export function warnUnused(name: string, where: string, instead: string): void {
  if (warned.has(name)) return;
  warned.add(name);
  const advice = instead === "" ? "" : `: ${instead}`;
  process.emitWarning(`the option ${name} ${where} has no effect in @callwire/transport${advice}`, {
    code: "CALLWIRE_UNUSED_OPTION",
  });
}
