import type { DescEnum, DescField, DescFile, DescMessage, DescOneof } from "@bufbuild/protobuf";

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

/** Names that our code or ts-proto's has a meaning of its own for: of JavaScript's objects, of what a module declares besides. */
const GLOBALS: ReadonlySet<string> = new Set(
  "Array Map Number Object String Uint8Array protobufPackage protobufFileName".split(" "),
);

/** Names of parameters and variables of generated functions, where types of the contract are used. */
const LOCALS: ReadonlySet<string> = new Set("entry end k key m packed r tag v value w".split(" "));

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
      const more = kind === "enum" ? "Enum" : "Message";
      let other = name;
      let tsName = tsNameOf(other, around);
      // Without its underscores, `_1` is no name, and `_` is nothing.
      if (!IDENTIFIER.test(tsName)) tsName = tsNameOf((other = more + name), around);
      while (RESERVED.has(tsName) || GLOBALS.has(tsName) || LOCALS.has(tsName) || used.has(tsName)) {
        other += more;
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

/** A name that stands for nothing else in a module: the one that is wanted, or that with `suffix` behind it. It is used then. */
export function freeName(wanted: string, suffix: string, used: Set<string>): string {
  let name = wanted;
  while (RESERVED.has(name) || GLOBALS.has(name) || used.has(name)) name += suffix;
  used.add(name);
  return name;
}

/** A field or a oneof. */
export type Member = DescField | DescOneof;

/**
 * Finds other names for fields and oneofs that have the property of one before them, as `fooBar` has that of `foo_bar`: with the
 * field's number behind it, or the oneof's place. One that has none, as `_`, is called by what it is.
 *
 * @param isUnion True if a oneof is one property, and its members are beside one another alone.
 */
export function findOtherMembers(
  files: readonly DescFile[],
  propertyOf: (name: string) => string,
  isUnion: boolean,
): ReadonlyMap<Member, string> {
  const others = new Map<Member, string>();
  const addAll = (members: readonly Member[]): void => {
    const used = new Set<string>();
    for (const [index, member] of members.entries()) {
      let other = member.name;
      // Without its underscores, `_` is nothing, and ts-proto writes a oneof's name as it is.
      const wanted = propertyOf(other);
      if (wanted === "" || (member.kind === "oneof" && !IDENTIFIER.test(wanted)))
        other = `${member.kind}_${other}`;
      while (used.has(propertyOf(other))) other += `_${member.kind === "field" ? member.number : index}`;
      used.add(propertyOf(other));
      if (other !== member.name) others.set(member, other);
    }
  };
  const addMessage = (message: DescMessage): void => {
    if (isUnion) {
      addAll(message.members);
      for (const { fields } of message.oneofs) addAll(fields);
    } else addAll([...message.fields, ...message.oneofs]);
    message.nestedMessages.forEach(addMessage);
  };
  for (const file of files) file.messages.forEach(addMessage);
  return others;
}

/** Code is made of these names: none may be anything but a name. Descriptors need not come from a compiler that has checked. */
export function checkNames(file: DescFile): void {
  const path = file.proto.name;
  // A path stands in a comment of one line, and in a text.
  if (!/^[^\p{Cc}\u2028\u2029'"\\`]+$/u.test(path))
    throw new Error(`${JSON.stringify(path)} is no path of a contract`);
  // JavaScript imports modules by URLs, and TypeScript by paths: in these they differ.
  if (/[%#?]/.test(path))
    throw new Error(`${path}: no module can be imported by a path with %, # or ?: rename the contract`);
  if (/\.d\.[^/]*$/.test(path))
    throw new Error(
      `${path}: TypeScript takes a module with ".d." in its name for declarations: rename the contract`,
    );
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
    const keys = new Map<string, string>();
    for (const { name } of service.methods) {
      check(name, "a method");
      const key = name[0]!.toLowerCase() + name.slice(1);
      const other = keys.get(key);
      if (other !== undefined)
        throw new Error(
          `${path}: the methods ${other} and ${name} of ${service.name} are both ${key} in TypeScript: rename one of them`,
        );
      keys.set(key, name);
    }
  }
}
