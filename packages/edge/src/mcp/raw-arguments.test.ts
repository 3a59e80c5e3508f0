import { describe, expect, test } from "@jest/globals";
import { argumentsOf, isBatch } from "./raw-arguments.js";

const textOf = (body: string, id: string | number = 1) => {
  const found = argumentsOf(Buffer.from(body), id);
  return found && Buffer.from(found).toString();
};

describe("the arguments of a call, as they were sent", () => {
  test.each([
    ['{"id":1,"params":{"name":"a","arguments":{"b":1}}}', '{"b":1}'],
    [
      '\ufeff {\n "id" : 1 ,\t"params" : {"arguments" : {"b" : [ 1 , {} ] } , "name" : "a"}\r\n} ',
      '{"b" : [ 1 , {} ] }',
    ],
    ['{"id":1,"params":{"arguments":{"number":9007199254740993}}}', '{"number":9007199254740993}'],
    ['{"id":1,"params":{"arguments":{"a":1,"a":2,"__proto__":3}}}', '{"a":1,"a":2,"__proto__":3}'],
    ['{"id":1,"params":{"arguments":{"a":"}]\\"{[\\\\"},"x":true}}', '{"a":"}]\\"{[\\\\"}'],
    // Keys as JSON.parse has them: escapes are the same, and the last one counts.
    ['{"id":1,"p\\u0061rams":{"arguments":{}},"x":{"arguments":1}}', "{}"],
    ['{"id":1,"params":{"arguments":1},"params":{"arguments":{"b":2},"arguments":{"c":3}}}', '{"c":3}'],
    ['{"id":1,"params":{"_meta":{"arguments":{"a":1}},"arguments":{}}}', "{}"],
    ['{"arguments":{},"id":1,"params":{"x":{"arguments":{}}}}', undefined],
    ['{"id":1,"params":{}}', undefined],
    ['{"id":1,"params":null}', undefined],
    ['{"id":1,"params":"arguments"}', undefined],
    ['{"id":1}', undefined],
    ['{"id":2,"params":{"arguments":{}}}', undefined],
    ["{}", undefined],
    [' [{"id":-1.5e3,"params":{"arguments":{}}},{"id":1,"params":{"arguments":{"b":2}}}]', '{"b":2}'],
    ['[{"id":"1","params":{"arguments":{}}},null,5,"x"]', undefined],
    ["[]", undefined],
  ])("%s", (body, found) => {
    expect(textOf(body)).toBe(found);
  });

  test("of each call of a batch, by its id of whatever type", () => {
    const body = '[{"id":"1","params":{"arguments":{"a":1}}},{"id":-1500,"params":{"arguments":{"a":2}}}]';
    expect([textOf(body, "1"), textOf(body, -1500), textOf(body, 2)]).toEqual([
      '{"a":1}',
      '{"a":2}',
      undefined,
    ]);
  });

  test("is found at any depth, and at none if the text is cut off", () => {
    const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    expect(textOf(`{"x":${deep},"id":1,"params":{"arguments":{"y":${deep}}}}`)).toBe(`{"y":${deep}}`);
    const body = '{"id":1,"params":{"arguments":{"a":"\\"b"}}}';
    for (let length = 0; length < body.length; length++) {
      try {
        textOf(body.slice(0, length));
      } catch (error) {
        expect(error).toBeInstanceOf(SyntaxError);
      }
    }
  });
});

test.each([
  ["[]", true],
  [" \n[{}]", true],
  ["\ufeff[]", true],
  ['{"a":[]}', false],
  ["", false],
  ["5", false],
])("%j is a batch: %s", (body, isOne) => {
  expect(isBatch(Buffer.from(body))).toBe(isOne);
});
