import { Comparison } from "./comparison.js";
import { makerAt, placeOf, schemaAt, type Slice } from "./slice.js";

/**
 * Compares a slice with protobuf-es.
 *
 * @throws {Error} with the first message that is not alike, and its contract.
 */
export function compareWithProtobufEs(slice: Slice): void {
  const { suite, generated, options } = slice;
  const keepsUnknown = !options.includes("unknown_fields=false");
  const limits = {
    registry: suite.registry,
    allLongs: !options.includes("int64=number"),
    listExtensions: true,
    unknownInAny: keepsUnknown,
    allTimes: options.includes("timestamp=message"),
  };
  const comparisons = new Map(
    suite.types.map((schema) => [schema, new Comparison(suite.registry, schema, generated, keepsUnknown)]),
  );
  for (let index = 0; index < slice.count; index++) {
    const schema = schemaAt(slice, index);
    try {
      comparisons.get(schema)!.compare(makerAt(slice, index, limits));
    } catch (error) {
      const contract = suite.contracts.find(({ package: name }) => name === schema.file.proto.package);
      const what = error instanceof Error ? error.message : String(error);
      throw new Error(`${placeOf(slice, index)}: ${what}\n${contract!.text}`, { cause: error });
    }
  }
}
