import { describe, expect, test } from "@jest/globals";
import { Metadata } from "nice-grpc-common";
import { HeaderList } from "../hpack/header-list.js";
import { hasPrintableValues, hasValidBinaryValues, LazyMetadata, toFields } from "./metadata.js";

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

  test.each([
    ["AQ", true],
    ["AQ==", true],
    ["", true],
    ["AQI=,AQ", true],
    ["AQ-_", false],
    ["A", false],
    ["AQ=AQ", false],
    ["AQ,*", false],
  ])("base64 %j", (value, valid) => {
    expect(hasValidBinaryValues(listOf("a", "*", "b-bin", value))).toBe(valid);
  });

  test.each([
    ["plain ~", true],
    ["tab\t", false],
    ["é", false],
    ["\u007f", false],
  ])("text %j", (value, printable) => {
    expect(hasPrintableValues(listOf("a", value))).toBe(printable);
    // What is not the application's is judged elsewhere.
    expect(hasPrintableValues(listOf(":path", value))).toBe(true);
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

  test("nothing is made of metadata that nobody has touched", () => {
    const metadata = new LazyMetadata(listOf("a", "1"));
    expect(toFields(metadata)).toBeUndefined();
    metadata.set("b", "2").append("b", "3");
    expect(metadata.has("a")).toBe(true);
    metadata.delete("a");
    expect(toFields(metadata)).toEqual(["b", "2, 3"]);
  });
});
