type Builtin = Date | Uint8Array | string | number | boolean | bigint | undefined;

/** A message of which any part may be left out, at any depth. */
export type DeepPartial<T> = T extends Builtin
  ? T
  : T extends Map<infer Key, infer Value>
    ? Map<Key, DeepPartial<Value>>
    : T extends Array<infer Item>
      ? Array<DeepPartial<Item>>
      : T extends ReadonlyArray<infer Item>
        ? ReadonlyArray<DeepPartial<Item>>
        : T extends { $case: string; value: unknown }
          ? { $case: T["$case"]; value: DeepPartial<T["value"]> | undefined }
          : T extends object
            ? { [Key in keyof T]?: DeepPartial<T[Key]> }
            : T;
