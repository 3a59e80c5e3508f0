import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { Metadata } from "nice-grpc-common";
import { HeaderList } from "../hpack/header-list.js";
import { countBinaryValues, LazyMetadata, MAX_BINARY_VALUES, toFields } from "./metadata.js";

function listOf(...fields: string[]): HeaderList {
  return new HeaderList(fields, 0, false, false);
}

describe("received", () => {
  test("pseudo-header fields, and those of HTTP/2 and gRPC, are not metadata", () => {
    const metadata = new LazyMetadata(
      listOf(":path", "/a", "te", "trailers", "grpc-timeout", "1S", "grpc-encoding", "gzip", "a", "1"),
    );
    expect(Array.from(metadata)).toEqual([["a", ["1"]]]);
  });

  test("values of one name come in order, text joined as in nice-grpc; a peer may join binary ones", () => {
    const metadata = new LazyMetadata(listOf("a", "1", "b-bin", "AQ, AgM=", "a", "2,3", "b-bin", "BA"));
    expect(metadata.getAll("a")).toEqual(["1, 2,3"]);
    expect(metadata.getAll("b-bin").map((value) => [...value])).toEqual([[1], [2, 3], [4]]);
  });

  test("texts that gRPC does not allow are not read, whichever part of a list they are in", () => {
    const base = listOf("a", "1", "b", "é");
    const list = new HeaderList(["a", "\t", "c", "2"], 0, false, false, undefined, base);
    const metadata = new LazyMetadata(list);
    expect(["a", "b", "c"].map((name) => metadata.get(name))).toEqual(["1", undefined, "2"]);
  });

  test.each([
    ["AQ", 1],
    ["AQ==", 1],
    ["", 1],
    ["AQI=,AQ", 2],
    [",,", 3],
    ["AQ-_", NaN],
    ["A", NaN],
    ["AQ=AQ", NaN],
    ["AQ,*", NaN],
    [",".repeat(MAX_BINARY_VALUES - 1), MAX_BINARY_VALUES],
    [",".repeat(MAX_BINARY_VALUES), Infinity],
  ])("base64 %j: values", (value, count) => {
    expect(countBinaryValues(value)).toBe(count);
  });

  test("of binary values the first ones only, if a peer joins thousands", () => {
    const many = ",".repeat(4000);
    const metadata = new LazyMetadata(listOf("a-bin", many, "b-bin", "AQ", "a-bin", many));
    expect(metadata.getAll("a-bin")).toHaveLength(MAX_BINARY_VALUES);
  });
});

describe("to be sent", () => {
  test("text without the white space around it, bytes in base64 without padding", () => {
    const metadata = Metadata({ a: [" 1", "2 "], "b-bin": Uint8Array.of(1) });
    expect(toFields(metadata)).toEqual(["a", "1, 2", "b-bin", "AQ"]);
  });

  test("what belongs to HTTP/2 and gRPC is left out", () => {
    const metadata = Metadata({ te: "x", "grpc-status": "0", connection: "close", "user-agent": "x" });
    expect(toFields(metadata)).toBeUndefined();
  });

  test("what was received goes on as it came, but for what belongs to HTTP/2 and gRPC", () => {
    const list = listOf(
      ":path",
      "/a",
      "te",
      "trailers",
      "a",
      "1",
      "user-agent",
      "x",
      "b-bin",
      "AQ==",
      "a",
      "2",
    );
    const fields = ["a", "1, 2", "b-bin", "AQ"];
    expect(toFields(new LazyMetadata(list))).toEqual(fields);
    const metadata = new LazyMetadata(list);
    expect(metadata.has("a")).toBe(true);
    expect(metadata.get("te")).toBeUndefined();
    expect(toFields(metadata)).toEqual(fields);
    metadata.set("c", "2").append("c", "3");
    metadata.delete("a");
    expect(toFields(metadata)).toEqual(["b-bin", "AQ", "c", "2, 3"]);
    expect(toFields(new LazyMetadata())).toBeUndefined();
  });

  test("what was sent does not change with the metadata", () => {
    const metadata = new LazyMetadata();
    metadata.set("a", "1");
    const sent = toFields(metadata);
    metadata.set("a", "2").set("b", "3");
    expect(sent).toEqual(["a", "1"]);
    expect(toFields(metadata)).toEqual(["a", "2", "b", "3"]);
  });

  test("what another implementation lets through is not sent", () => {
    const careless = Object.assign(Metadata(), {
      *[Symbol.iterator]() {
        yield ["a", ["1\r\nb: 2"]];
      },
    });
    const metadata = LazyMetadata.copyOf(careless);
    expect(() => toFields(metadata)).toThrow("illegal characters");
    expect(() => toFields(metadata)).toThrow("illegal characters");
    expect(() => toFields({} as Metadata)).toThrow();
  });
});

// Nice-grpc's own is the model: every result and every error must be its.
describe("does as nice-grpc's metadata does", () => {
  type Step = (metadata: Metadata) => unknown;
  const key = fc.constantFrom(
    "a",
    "A",
    "b",
    "x-y.z_0",
    "t-bin",
    "T-BIN",
    "u-bin",
    "bad key",
    "é",
    "",
    "te",
    "user-agent",
  );
  const longKey = fc.integer({ min: 0, max: 60 }).map((i) => `key-${i}${i % 5 === 0 ? "-bin" : ""}`);
  const value = fc.oneof(
    fc.constantFrom("", " ", "1", " 2", "3 ", "a,b", "é", "\n", "x".repeat(70)),
    fc.uint8Array({ maxLength: 3 }),
    fc.constantFrom<unknown>(1, undefined, null),
  ) as fc.Arbitrary<string>;
  const step = (keys: fc.Arbitrary<string>): fc.Arbitrary<Step> =>
    fc.oneof(
      fc.tuple(keys, value).map(
        ([k, v]): Step =>
          (m) =>
            m.set(k, v) === m,
      ),
      fc.tuple(keys, fc.array(value, { maxLength: 3 })).map(
        ([k, v]): Step =>
          (m) =>
            m.set(k, v) === m,
      ),
      fc.tuple(keys, value).map(
        ([k, v]): Step =>
          (m) =>
            m.append(k, v) === m,
      ),
      keys.map(
        (k): Step =>
          (m) =>
            m.delete(k),
      ),
      keys.map(
        (k): Step =>
          (m) =>
            m.get(k),
      ),
      keys.map(
        (k): Step =>
          (m) =>
            m.getAll(k).slice(),
      ),
      keys.map(
        (k): Step =>
          (m) =>
            m.has(k),
      ),
      fc.constant<Step>((m) => Array.from(m, ([k, values]) => [k, values.slice()])),
      fc.constant<Step>((m) => fieldsOf(m)),
    );
  const copy: Step = () => "copy";

  /** As `toEqual`, which takes seconds for tens of thousands. */
  function expectEqual(got: unknown, wanted: unknown): void {
    if (!isDeepStrictEqual(got, wanted)) expect(got).toEqual(wanted);
  }

  function resultOf(step_: Step, metadata: Metadata): unknown {
    try {
      return step_(metadata);
    } catch (error) {
      return `${(error as Error).name}: ${(error as Error).message}`;
    }
  }

  /** What goes out, made as it was before there were shortcuts. */
  function fieldsOf(metadata: Metadata): readonly string[] | undefined {
    if (metadata instanceof LazyMetadata) return toFields(metadata);
    const unsent = new Set(["te", "user-agent"]);
    const fields: string[] = [];
    for (const [name, values] of metadata) {
      if (unsent.has(name)) continue;
      for (const v of values) {
        fields.push(
          name,
          typeof v === "string" ? v.trim() : Buffer.from(v).toString("base64").replace(/=+$/, ""),
        );
      }
    }
    return fields.length === 0 ? undefined : fields;
  }

  test.each([
    ["few names", key, 0, 150],
    ["many names", fc.oneof(longKey, key), 40, 60],
  ])("with %s, and copies", (_, keys, first, numRuns) => {
    const steps = fc.array(fc.oneof({ weight: 9, arbitrary: step(keys) }, fc.constant(copy)), {
      maxLength: 150,
      size: "max",
    });
    fc.assert(
      fc.property(steps, fc.infiniteStream(fc.nat()), (all, pick) => {
        const ours: Metadata[] = [new LazyMetadata()];
        const theirs = [Metadata()];
        for (let i = 0; i < first; i++) {
          for (const one of [ours[0]!, theirs[0]!]) {
            if (i % 5 === 0)
              one.append(`key-${i}-bin`, Uint8Array.of(i)).append(`key-${i % 10}-bin`, Uint8Array.of(i));
            else one.append(`key-${i}`, "1");
          }
        }
        for (const one of all) {
          const i = pick.next().value! % ours.length;
          if (one === copy) {
            ours.push(LazyMetadata.copyOf(ours[i]));
            // Its own copies share the lists of binary values.
            theirs.push(Metadata(Array.from(theirs[i]!, ([k, values]) => [k, values.slice()])));
          } else expectEqual(resultOf(one, ours[i]!), resultOf(one, theirs[i]!));
        }
        for (const [i, one] of ours.entries()) {
          expectEqual(Array.from(one), Array.from(theirs[i]!));
          expectEqual(toFields(one), fieldsOf(theirs[i]!));
        }
      }),
      { numRuns },
    );
  });

  test("read where it was received, written, and copied", () => {
    const name = fc.constantFrom("a", "b", "c-bin", ":path", "te", "user-agent", "grpc-timeout");
    const text = fc.constantFrom("1", "AQ==", "AQI, AwQ=", "", "x,y");
    fc.assert(
      fc.property(fc.array(fc.tuple(name, text), { maxLength: 60 }), fc.array(step(key)), (fields, all) => {
        const lazy = new LazyMetadata(listOf(...fields.flat()));
        const eager = Metadata();
        for (const [n, v] of fields) {
          if (n.startsWith(":") || n === "te" || n === "grpc-timeout") continue;
          if (!n.endsWith("-bin")) eager.append(n, v);
          else for (const part of v.split(",")) eager.append("c-bin", Buffer.from(part.trim(), "base64"));
        }
        const foreign = LazyMetadata.copyOf(Metadata(eager));
        const shared = LazyMetadata.copyOf(lazy);
        for (const one of all) {
          expectEqual(resultOf(one, shared), resultOf(one, lazy));
          expectEqual(resultOf(one, foreign), resultOf(one, eager));
        }
        expect(Array.from(lazy)).toEqual(Array.from(eager));
        expect(Array.from(foreign)).toEqual(Array.from(eager));
        expect(Array.from(shared)).toEqual(Array.from(eager));
      }),
    );
  });

  test("many names take no more time than so many few", () => {
    const metadata = new LazyMetadata();
    for (let i = 0; i < 20_000; i++)
      metadata.append(`k${i}`, "1").append("same", "2").append("b-bin", Uint8Array.of(1));
    expect(metadata.get("k19999")).toBe("1");
    expect(metadata.getAll("b-bin")).toHaveLength(20_000);
  });
});
