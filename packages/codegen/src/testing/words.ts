/** Words of JavaScript and TypeScript: those that are reserved, those of types, and those that have a meaning somewhere. */
const words =
  "abstract accessor any arguments as asserts async await bigint boolean break case catch class const constructor continue " +
  "debugger declare default delete do else enum eval export extends false finally for from function get global goto if " +
  "implements import in infer instanceof int interface intrinsic is keyof let module namespace native never new null number " +
  "object of out override package private protected public readonly require return satisfies set static string super switch " +
  "symbol synchronized this throw throws transient true try type typeof undefined unique unknown using var void volatile while " +
  "with yield exports Infinity NaN globalThis";

/** Properties that every object, function, array, Map or promise has. */
const members =
  "constructor hasOwnProperty isPrototypeOf propertyIsEnumerable toLocaleString toString valueOf __proto__ __defineGetter__ " +
  "__lookupSetter__ prototype length name caller callee apply call bind then catch toJSON size has keys entries forEach";

/** Globals, and names that modules of Node.js have. */
const globals =
  "Array ArrayBuffer BigInt Boolean Buffer Date Error Function JSON Map Math Number Object Promise Proxy Reflect RegExp Set " +
  "String Symbol Uint8Array WeakMap Record Partial Readonly Pick process global window Node self __dirname";

/** Names of generated code: its parameters and variables, what it imports, what it declares. */
const generated =
  "m w r v k key value values tag entry end packed part0 fields json read write create name named list optional map mapObject " +
  "oneof members messageType MessageType extension Extension Reader Writer enumeration message group unknown skip struct date " +
  "wrapper bool bytes int32 uint32 int64 double float string fieldMask nullValue readDate writeDate readClosedEnum isNumberOf " +
  "keepEntry toNumber protobufPackage DeepPartial Builtin Exact encode decode toJSON fromJSON fromPartial typeName lengthSize " +
  "finish position limit fromBase64 descriptorSet Timestamp Struct Value Any Empty NullValue ListValue Duration";

/** Names that are no others in a contract, and words elsewhere. */
export const allWords: readonly string[] = [
  ...new Set([words, members, globals, generated].flatMap((list) => list.split(" "))),
];
