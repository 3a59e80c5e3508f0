import type { DescEnum, DescFile, DescMessage } from "@bufbuild/protobuf";

/** What an identifier is in a contract (protobuf.dev, "Protobuf Language Specification"). */
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Words that no type of TypeScript, or no constant of a module, can have for a name. */
export const RESERVED: ReadonlySet<string> = new Set(
  (
    "any arguments as async await bigint boolean break case catch class const continue debugger declare default delete do " +
    "else enum eval export extends false finally for function get if implements import in infer instanceof interface is " +
    "keyof let module namespace never new null number object of package private protected public readonly require return " +
    "satisfies set static string super switch symbol this throw true try type typeof undefined unique unknown using var " +
    "void while with yield globalThis Infinity NaN"
  ).split(" "),
);

/**
 * Names that our code or ts-proto's has a meaning of its own for: of JavaScript's objects, of the parameters and variables of
 * generated functions, of what a module declares beside the contract's types.
 */
const TAKEN = new Set(
  (
    "Array Map Number Object String Uint8Array " +
    "entry end k key m packed r tag v value w protobufPackage protobufFileName"
  ).split(" "),
);

/** A declaration of a file, whose name in TypeScript follows from those around it. */
interface Declared {
  readonly kind: "enum" | "message";
  readonly typeName: string;
  readonly name: string;
}

/**
 * Finds other names for types whose own cannot stand in TypeScript, or stands there twice: with `Message` or `Enum` behind it, as
 * ts-proto does with `Date`.
 *
 * @param tsNameOf The name in TypeScript of a type that is inside another one of this name, or of none.
 * @returns The simple names, by the full names of the types, of those that change.
 */
export function findOtherNames(
  files: readonly DescFile[],
  tsNameOf: (name: string, around: string) => string,
): ReadonlyMap<string, string> {
  const others = new Map<string, string>();
  for (const file of files) {
    const used = new Set([
      ...file.services.map(({ name }) => `${name}Definition`),
      ...file.extensions.map(({ name }) => tsNameOf(name, "")),
    ]);
    const add = ({ kind, typeName, name }: Declared, around: string): string => {
      let other = name;
      let tsName = tsNameOf(other, around);
      while (RESERVED.has(tsName) || TAKEN.has(tsName) || used.has(tsName)) {
        other += kind === "enum" ? "Enum" : "Message";
        tsName = tsNameOf(other, around);
      }
      used.add(tsName);
      if (other !== name) others.set(typeName, other);
      return tsName;
    };
    const addAll = (enums: readonly DescEnum[], messages: readonly DescMessage[], around: string): void => {
      for (const each of enums) add(each, around);
      for (const each of messages) addAll(each.nestedEnums, each.nestedMessages, `${add(each, around)}_`);
    };
    addAll(file.enums, file.messages, "");
  }
  return others;
}

/** Code is made of these names: none may be anything but a name. Descriptors need not come from a compiler that has checked. */
export function checkNames(file: DescFile): void {
  const path = file.proto.name;
  // A path stands in a comment of one line, and in a text.
  if (!/^[^\p{Cc}\u2028\u2029'"\\`]+$/u.test(path))
    throw new Error(`${JSON.stringify(path)} is no path of a contract`);
  const check = (name: string, what: string): void => {
    if (!IDENTIFIER.test(name)) throw new Error(`${path}: ${JSON.stringify(name)} is no name of ${what}`);
  };
  for (const part of file.proto.package === "" ? [] : file.proto.package.split(".")) check(part, "a package");
  const checkEnum = ({ name, values }: DescEnum): void => {
    check(name, "an enum");
    for (const value of values) check(value.name, "an enum's value");
  };
  const checkMessage = (message: DescMessage): void => {
    check(message.name, "a message");
    for (const member of message.members) check(member.name, `a ${member.kind}`);
    for (const field of message.fields) check(field.name, "a field");
    message.nestedEnums.forEach(checkEnum);
    message.nestedMessages.forEach(checkMessage);
    for (const extension of message.nestedExtensions) check(extension.name, "an extension");
  };
  file.enums.forEach(checkEnum);
  file.messages.forEach(checkMessage);
  for (const extension of file.extensions) check(extension.name, "an extension");
  for (const service of file.services) {
    check(service.name, "a service");
    for (const method of service.methods) check(method.name, "a method");
  }
}
