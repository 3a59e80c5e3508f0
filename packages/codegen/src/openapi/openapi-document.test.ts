import { readFileSync } from "node:fs";
import { clone, create, createFileRegistry } from "@bufbuild/protobuf";
import {
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  type FileDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { httpRulesOf } from "../http-rules.js";
import { parseOptions } from "../options.js";
import { openApiDocument } from "./openapi-document.js";
import { describeContracts, generateModules } from "../testing/generate-and-compile.js";

/** The annotations, from the package that publishes them. */
const protos = new URL("../../../../gen/node_modules/google-gax/build/protos/", import.meta.url);
const annotations = Object.fromEntries(
  ["annotations", "http", "httpbody", "field_behavior"].map((name) => [
    `google/api/${name}.proto`,
    readFileSync(new URL(`google/api/${name}.proto`, protos), "utf8"),
  ]),
);

const imports = ["any", "duration", "empty", "field_mask", "struct", "timestamp", "wrappers"]
  .map((name) => `import "google/protobuf/${name}.proto";`)
  .join("\n");

const library = `syntax = "proto3";
// What the library has.
package library.v1;
import "google/api/annotations.proto";
import "google/api/field_behavior.proto";
import "google/api/httpbody.proto";
${imports}

// Detached: no part of what follows.

// Keeps <b>books</b>, see [the site](javascript:alert(1)) or \`<code>\`.
// (-- Internal: renamed in 2020. --)
service Library {
  // Returns a book. NOT_FOUND if there is none.
  //
  // Costs nothing.
  rpc GetBook(GetBookRequest) returns (Book) {
    option (google.api.http) = {
      get: "/v1/{name=shelves/*/books/*}"
      additional_bindings { get: "/v1/latest/{name}:read" response_body: "author" }
      additional_bindings { custom { kind: "PURGE" path: "/v1/x" } }
    };
  }
  rpc MoveBook(MoveBookRequest) returns (google.protobuf.Empty) {
    option deprecated = true;
    option (google.api.http) = { post: "/v1/books/{book.id}/{rest=**}:move" body: "*" };
  }
  rpc PutBook(MoveBookRequest) returns (Book) {
    option (google.api.http) = { put: "/v1/books/{id}/{rest=**}:move" body: "book" };
  }
  rpc Search(SearchRequest) returns (stream SearchResponse) {
    option (google.api.http) = { get: "/v1/books" additional_bindings { get: "/v1/limited/{limit.value}/books" } };
  }
  rpc Import(stream Book) returns (Book) {
    option (google.api.http) = { post: "/v1/books:import" body: "*" };
  }
  rpc Cover(google.api.HttpBody) returns (google.api.HttpBody) {
    option (google.api.http) = { put: "/v1/cover" body: "*" };
  }
  rpc Find(google.protobuf.StringValue) returns (Book) {
    option (google.api.http) = { get: "/v1/find" additional_bindings { post: "/v1/find/{value}" body: "*" } };
  }
  rpc Without(Book) returns (Book);
}

message GetBookRequest {
  string name = 1; // behind it
  int32 edition = 2;
}

// A book.
message Book {
  // Its number.
  //
  // Example: b-1
  string id = 1 [(google.api.field_behavior) = OUTPUT_ONLY];
  // Its title.
  string title = 2 [(google.api.field_behavior) = REQUIRED];
  Author author = 3;
  repeated Book sequels = 4;
  int64 copies = 5 [deprecated = true];
  // Example: many
  int32 pages = 6;
  string secret = 7 [(google.api.field_behavior) = INPUT_ONLY];
}
message Author {
  string name = 1;
  Book best = 2;
}
message MoveBookRequest {
  Book book = 1;
  string id = 2;
  string rest = 3;
}

enum Genre {
  option allow_alias = true;
  GENRE_UNSPECIFIED = 0;
  // Made up.
  GENRE_FICTION = 1;
  GENRE_NOVEL = 1;
}

message SearchRequest {
  string text = 1 [(google.api.field_behavior) = REQUIRED];
  string resume_token = 2;
  repeated Genre genres = 3;
  google.protobuf.Timestamp since = 4;
  google.protobuf.Duration max_age = 5;
  google.protobuf.FieldMask mask = 6;
  google.protobuf.Int64Value limit = 7;
  google.protobuf.Struct extra = 8;
  map<string, string> labels = 9;
  map<int32, Book> books = 10;
  repeated Book likes = 11;
  Author author = 12;
  repeated google.protobuf.Timestamp times = 13;
  SearchRequest again = 14;
  bytes data = 15;
  double score = 16;
}

message SearchResponse {
  string resume_token = 1;
  oneof hit {
    Book book = 2;
    Author author = 3;
    string text = 4;
  }
  map<bool, uint64> counts = 5;
  google.protobuf.Any any = 6;
  google.protobuf.Value value = 7;
  google.protobuf.NullValue null = 8;
  uint32 small = 9;
  float ratio = 10;
}
`;

/** Rules that are wrong, and what is said of them. */
const wrong = [
  ['get: "v1/a"', "is no path template"],
  ['get: "/v1/{name"', "is no path template"],
  ['get: "/v1/<script>"', 'has a segment that is none: "<script>"'],
  ['get: "/v1/{name}:<b>"', 'has a segment that is none: "<b>"'],
  ['get: "/v1/{nme}"', "names nme, which is no field of shop.Item"],
  ['post: "/v1" body: "nme"', "has the body nme, which is no field of shop.Item"],
  ['get: "/v1" response_body: "nme"', "has the response_body nme, which is no field of shop.Item"],
] as const;

/** A service with a method for each. */
const shop = `syntax = "proto3"; package shop; import "google/api/annotations.proto";
  message Item { string name = 1; }
  service Shop {
    ${wrong.map(([rule], at) => `rpc Get${at}(Item) returns (Item) { option (google.api.http) = { ${rule} }; }`).join("\n")}
  }`;

/** Fields with examples: their types, what the comments say, and the examples of their schemas. */
const examples: readonly [type: string, text: string, examples: readonly unknown[] | undefined][] = [
  ["string", "b-1", ["b-1"]],
  ["string", "42", ["42"]],
  ["string", '"b"', ['"b"']],
  ["int64", "42", ["42"]],
  ["int64", "many", ["1"]],
  ["bytes", "AQI=", ["AQI="]],
  ["bytes", "*", ["aGVsbG8="]],
  ["Kind", "KIND_A", ["KIND_A"]],
  ["Kind", "1", ["KIND_A"]],
  ["Kind", "KIND_B", undefined],
  ["google.protobuf.Timestamp", "2020-01-02T03:04:05+01:00", ["2020-01-02T02:04:05Z"]],
  ["google.protobuf.Timestamp", "yesterday", ["2024-05-01T12:00:00Z"]],
  ["google.protobuf.Duration", "90s", ["90s"]],
  ["uint32", "-1", undefined],
  ["int32", "3000000000", undefined],
  ["int32", "0", [0]],
  ["repeated string", '["a", "b"]', [["a", "b"]]],
  ["repeated string", '["a", 1]', undefined],
  ["map<string, string>", '{"a": 1}', undefined],
  ["google.protobuf.Value", '{"a": [1]}', [{ a: [1] }]],
  ["google.protobuf.BoolValue", "true", [true]],
  ["google.protobuf.Value", "null", [null]],
  ["int32", "null", undefined],
  ["double", "NaN", ["NaN"]],
  ["Item", '{"name": "x"}', [{ name: "x" }]],
  ["Item", '{"nme": "x"}', undefined],
];

const numbered = (count: number, line: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => line(index)).join("\n");

/** Contracts that have much of everything, and comments with examples. */
const large = `syntax = "proto3"; package large; import "google/api/annotations.proto";
  ${imports}
  enum Kind { KIND_UNSPECIFIED = 0; KIND_A = 1; }
  message Item { string name = 1; }
  message Examples {
    ${examples.map(([type, text], at) => `// Example: ${text}\n${type} f${at} = ${at + 1};`).join("\n")}
  }
  message Choice { oneof choice { ${numbered(51, (at) => `string s${at} = ${at + 1};`)} } }
  ${numbered(12, (one) => `message M${one} { ${numbered(12, (other) => `M${other} m${other} = ${other + 1};`)} }`)}
  ${numbered(2000, (at) => `message Deep${at} { Deep${at + 1} deep = 1; }`)}
  message Deep2000 {}
  service Large {
    rpc Get(M0) returns (Choice) { option (google.api.http).get = "/v1/m"; }
    rpc One(Item) returns (Item) { option (google.api.http).get = "/v1/items/{name}"; }
    rpc Many(Item) returns (Item) { option (google.api.http).get = "/v1/items/{name=**}"; }
    rpc Show(Deep0) returns (Examples) { option (google.api.http) = { post: "/v1/examples" body: "*" }; }
  }`;

/** A service of a name that others have. */
const same = (name: string) => `syntax = "proto3"; package ${name}; import "google/api/annotations.proto";
  message M {} service Same { rpc Do(M) returns (M) { option (google.api.http).get = "/${name}"; } }`;

/** Resources with tags (AIP-154), and one without. */
const tags = `syntax = "proto3"; package tags; import "google/api/annotations.proto";
  message Book { string id = 1; string etag = 2; }
  message Plain { string id = 1; int32 etag = 2; }
  message Update { Book book = 1; }
  message Delete { string id = 1; string etag = 2; }
  message Page { Book first = 1; }
  service Tags {
    rpc Get(Plain) returns (Book) { option (google.api.http).get = "/v1/books/{id}"; }
    rpc First(Plain) returns (Page) { option (google.api.http) = { get: "/v1/first" response_body: "first" }; }
    rpc Create(Plain) returns (Book) { option (google.api.http) = { post: "/v1/books" body: "*" }; }
    rpc UpdateBody(Update) returns (Book) { option (google.api.http) = { patch: "/v1/books/{book.id}" body: "book" }; }
    rpc UpdatePath(Update) returns (Plain) { option (google.api.http) = { put: "/v1/books/{book.id}" }; }
    rpc Remove(Delete) returns (Book) { option (google.api.http).delete = "/v1/books/{id}"; }
    rpc Watch(Delete) returns (stream Book) { option (google.api.http).get = "/v1/books:watch"; }
    rpc Touch(Plain) returns (Plain) { option (google.api.http) = { post: "/v1/plain" body: "*" }; }
  }`;

/** All contracts, described once. */
let described: readonly FileDescriptorProto[];
beforeAll(() => {
  described = describeContracts({
    ...annotations,
    "library.proto": library,
    "shop.proto": shop,
    "tags.proto": tags,
    "large.proto": large,
    "a.proto": same("a"),
    "b.proto": same("b"),
  });
});

/** Some contracts, with all that they import. */
const contracts = (...names: readonly string[]) =>
  described.filter(({ name }) => name.startsWith("google/") || names.includes(name));

interface Operation {
  [key: string]: unknown;
  operationId: string;
  parameters?: { name: string; in: string; schema?: object; content?: object; required?: boolean }[];
  requestBody?: { content: Record<string, { schema: object }> };
  responses: { 200: { content: Record<string, { schema: object }> } };
}
interface Document {
  [key: string]: unknown;
  info: object;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Record<string, unknown>>; securitySchemes?: object };
}

/** The document of contracts, as JSON. */
function documentOf(files: readonly FileDescriptorProto[], options: Record<string, string> = {}): Document {
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: [...files] }));
  const described = [...registry.files];
  const given = Object.entries({ openapi: "true", ...options }).map(([key, value]) => ({ key, value }));
  const document = openApiDocument(
    described,
    httpRulesOf(described, registry),
    registry,
    parseOptions(given),
  );
  return JSON.parse(JSON.stringify(document)) as Document;
}

describe("an OpenAPI document", () => {
  let document: Document;
  let schemas: Document["components"]["schemas"];
  beforeAll(() => {
    document = documentOf(contracts("library.proto"), {
      openapi_security: "bearer",
      contract_version: "1.2.0",
    });
    ({ schemas } = document.components);
  });
  const at = (method: string, path: string) => document.paths[path]![method]!;

  test("has the contract's name, version and comments, and the security that is asked for", () => {
    expect(document).toMatchObject({
      openapi: "3.1.0",
      info: { title: "library.v1", version: "1.2.0", description: "What the library has." },
      servers: [{ url: "/" }],
      security: [{ bearer: [] }],
      tags: [
        {
          name: "Library",
          description: "Keeps &lt;b>books&lt;/b>, see \\[the site](javascript&#58;alert(1)) or `<code>`.",
        },
      ],
    });
    expect(document.components.securitySchemes).toEqual({ bearer: { type: "http", scheme: "bearer" } });
  });

  test("has an operation for each rule whose HTTP method OpenAPI knows", () => {
    const operations = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, { operationId }]) => [method, path, operationId]),
    );
    expect(operations).toEqual([
      ["get", "/v1/shelves/{name}/books/{name_2}", "library.v1.Library.GetBook"],
      ["get", "/v1/latest/{name}:read", "library.v1.Library.GetBook.2"],
      ["post", "/v1/books/{book.id}/{rest}:move", "library.v1.Library.MoveBook"],
      ["put", "/v1/books/{book.id}/{rest}:move", "library.v1.Library.PutBook"],
      ["get", "/v1/books", "library.v1.Library.Search"],
      ["get", "/v1/limited/{limit}/books", "library.v1.Library.Search.2"],
      ["post", "/v1/books:import", "library.v1.Library.Import"],
      ["put", "/v1/cover", "library.v1.Library.Cover"],
      ["get", "/v1/find", "library.v1.Library.Find"],
      ["post", "/v1/find/{value}", "library.v1.Library.Find.2"],
    ]);
  });

  test("has summaries and descriptions of comments", () => {
    expect(at("get", "/v1/shelves/{name}/books/{name_2}")).toMatchObject({
      summary: "Returns a book",
      description: "NOT_FOUND if there is none.\n\nCosts nothing.",
    });
    expect(at("post", "/v1/books/{book.id}/{rest}:move")).toMatchObject({
      summary: "Move book",
      deprecated: true,
    });
  });

  test("has a parameter for each wildcard of a path, by the names of the first rule of its form", () => {
    const part = "A part of `shelves/*/books/*`, which is the whole value.";
    expect(at("get", "/v1/shelves/{name}/books/{name_2}").parameters).toEqual([
      {
        name: "name",
        in: "path",
        required: true,
        description: `behind it\n\n${part}`,
        schema: { type: "string" },
      },
      {
        name: "name_2",
        in: "path",
        required: true,
        description: `behind it\n\n${part}`,
        schema: { type: "string" },
      },
      { name: "edition", in: "query", schema: { type: "integer", format: "int32" } },
    ]);
    expect(at("put", "/v1/books/{book.id}/{rest}:move").parameters).toMatchObject([
      { name: "book.id", in: "path" },
      { name: "rest", in: "path", description: "Any number of segments: a slash in it stays a slash." },
    ]);
  });

  test("has the body that a rule names, without the fields of its path", () => {
    expect(at("put", "/v1/books/{book.id}/{rest}:move").requestBody).toEqual({
      content: { "application/json": { schema: { $ref: "#/components/schemas/library.v1.Book" } } },
      required: true,
    });
    const { schema } = at("post", "/v1/books/{book.id}/{rest}:move").requestBody!.content[
      "application/json"
    ]!;
    expect(Object.keys((schema as { properties: object }).properties)).toEqual(["book", "id"]);
    expect(at("get", "/v1/latest/{name}:read").responses[200].content).toEqual({
      "application/json": { schema: { $ref: "#/components/schemas/library.v1.Author" } },
    });
  });

  test("has a body that is one value in JSON as it is, also if the path has its field", () => {
    const { content } = at("post", "/v1/find/{value}").requestBody!;
    expect(content).toMatchObject({ "application/json": { schema: { type: "string" } } });
  });

  test("has a wrapper for its value in a path", () => {
    const [parameter, ...others] = at("get", "/v1/limited/{limit}/books").parameters!;
    expect(parameter).toMatchObject({ name: "limit", in: "path", schema: { format: "int64" } });
    expect(others.map(({ name }) => name)).not.toContain("limit");
  });

  test("has a query as the edge binds it", () => {
    // As the whole request, a message that is one value in JSON has fields too.
    expect(at("get", "/v1/find").parameters).toMatchObject([{ name: "value", schema: { type: "string" } }]);
    const parameters = at("get", "/v1/books").parameters!;
    expect(parameters.map((parameter) => [parameter.name, parameter.schema ?? parameter.content])).toEqual([
      ["text", { type: "string" }],
      ["resumeToken", { type: "string" }],
      ["genres", { type: "array", items: { $ref: "#/components/schemas/library.v1.Genre" } }],
      ["since", expect.objectContaining({ type: "string", format: "date-time" })],
      ["maxAge", expect.objectContaining({ type: "string" })],
      ["mask", expect.objectContaining({ type: "string" })],
      ["limit", expect.objectContaining({ type: "string", format: "int64" })],
      ["extra", { "application/json": { schema: expect.objectContaining({ type: "object" }) } }],
      ["labels", { type: "object", additionalProperties: { type: "string" } }],
      ["times", { type: "array", items: expect.objectContaining({ format: "date-time" }) }],
      ["data", expect.objectContaining({ contentEncoding: "base64" })],
      ["score", expect.objectContaining({ oneOf: expect.anything() })],
      ["author.name", { type: "string" }],
      ["author.best.id", { type: "string", examples: ["b-1"] }],
      ["author.best.title", { type: "string" }],
      ["author.best.copies", expect.objectContaining({ format: "int64" })],
      ["author.best.pages", { type: "integer", format: "int32" }],
      ["author.best.secret", { type: "string" }],
      ["last-event-id", { type: "string" }],
    ]);
    expect(parameters.filter(({ required }) => required).map(({ name }) => name)).toEqual(["text"]);
    expect(parameters.find(({ name }) => name === "labels")).toMatchObject({
      style: "deepObject",
      explode: true,
    });
  });

  test("has the conditions that the edge makes of tags", () => {
    const { paths } = documentOf(contracts("tags.proto"));
    const found = Object.values(paths).flatMap((item) =>
      Object.values(item).map(({ operationId, parameters = [], responses }) => [
        operationId.slice("tags.Tags.".length),
        parameters.flatMap(({ in: where, name }) => (where === "header" ? [name] : [])),
        Object.keys((responses[200] as { headers?: object }).headers ?? {}),
        Object.keys(responses).filter((status) => /^\d+$/.test(status)),
      ]),
    );
    expect(found).toEqual([
      ["Get", ["if-none-match"], ["etag"], ["200", "304"]],
      ["UpdateBody", ["if-match"], ["etag"], ["200"]],
      ["UpdatePath", ["if-match"], [], ["200"]],
      ["Remove", ["if-match"], [], ["200"]],
      ["First", ["if-none-match"], ["etag"], ["200", "304"]],
      ["Create", [], ["etag"], ["200"]],
      ["Watch", [], [], ["200"]],
      ["Touch", [], [], ["200"]],
    ]);
  });

  test("has a raw body of any type", () => {
    const raw = { "*/*": { schema: {} } };
    expect(at("put", "/v1/cover").requestBody!.content).toEqual(raw);
    expect(at("put", "/v1/cover").responses[200].content).toEqual(raw);
  });

  test("has streams as lines and as events", () => {
    const item = { schema: { $ref: "#/components/schemas/library.v1.SearchResponse" } };
    expect(at("get", "/v1/books").responses[200].content).toEqual({
      "application/x-ndjson": item,
      "text/event-stream": { schema: { type: "string" } },
    });
    expect(Object.keys(at("post", "/v1/books:import").requestBody!.content)).toEqual([
      "application/x-ndjson",
    ]);
  });

  test("has the schemas of protobuf's JSON, and no others", () => {
    expect(Object.keys(schemas)).toEqual([
      "google.protobuf.Empty",
      "library.v1.Author",
      "library.v1.Book",
      "library.v1.Genre",
      "library.v1.SearchResponse",
      "edge-error",
      "edge-problem",
    ]);
    expect(schemas["library.v1.Book"]).toEqual({
      type: "object",
      description: "A book.",
      required: ["title"],
      properties: {
        id: { type: "string", description: "Its number.", examples: ["b-1"], readOnly: true },
        title: { type: "string", description: "Its title." },
        author: { $ref: "#/components/schemas/library.v1.Author" },
        sequels: { type: "array", items: { $ref: "#/components/schemas/library.v1.Book" } },
        copies: { type: "string", format: "int64", pattern: "^-?[0-9]+$", examples: ["1"], deprecated: true },
        pages: { type: "integer", format: "int32", description: "Example: many" },
        secret: { type: "string", writeOnly: true },
      },
    });
    expect(schemas["library.v1.Genre"]).toEqual({
      type: "string",
      description: "- `GENRE_FICTION`: Made up.",
      enum: ["GENRE_UNSPECIFIED", "GENRE_FICTION", "GENRE_NOVEL"],
      examples: ["GENRE_FICTION"],
    });
    const { properties, dependentSchemas } = schemas["library.v1.SearchResponse"]!;
    expect(properties).toEqual({
      resumeToken: { type: "string" },
      book: {
        $ref: "#/components/schemas/library.v1.Book",
        description: "At most one of `book`, `author`, `text` is given.",
      },
      author: expect.objectContaining({ $ref: "#/components/schemas/library.v1.Author" }),
      text: expect.objectContaining({ type: "string" }),
      counts: {
        type: "object",
        propertyNames: { pattern: "^(true|false)$" },
        additionalProperties: expect.objectContaining({ type: "string", format: "uint64" }),
      },
      any: expect.objectContaining({ type: "object", required: ["@type"], additionalProperties: true }),
      value: { description: "Any JSON value." },
      null: { type: "null" },
      small: { type: "integer", format: "uint32", minimum: 0, maximum: 4294967295 },
      ratio: {
        oneOf: [
          { type: "number", format: "float" },
          { type: "string", enum: ["NaN", "Infinity", "-Infinity"] },
        ],
      },
    });
    expect(dependentSchemas).toEqual({
      book: { properties: { author: false, text: false } },
      author: { properties: { book: false, text: false } },
      text: { properties: { book: false, author: false } },
    });
  });
});

describe("of a large contract", () => {
  let document: Document;
  let schemas: Document["components"]["schemas"];
  beforeAll(() => {
    document = documentOf(contracts("large.proto"));
    ({ schemas } = document.components);
  });

  test("of two rules that are one in OpenAPI, the first one stands", () => {
    expect(document.paths["/v1/items/{name}"]!["get"]!.operationId).toBe("large.Large.One");
  });

  test.each(examples.map((row, at) => [...row, at] as const))(
    "a %s has the example %s, if it is one",
    (_, text, expected, at) => {
      const field = (schemas["large.Examples"]!["properties"] as Document["paths"])[`f${at}`]!;
      expect(field["examples"]).toEqual(expected);
      // Nothing that somebody has written is lost.
      if (expected === undefined)
        expect(field["description"]).toBe(`Example: ${text.replaceAll("[", "\\[")}`);
    },
  );

  test("the members of a large oneof do not list one another", () => {
    const { properties, dependentSchemas } = schemas["large.Choice"]!;
    expect((properties as Document["paths"])["s0"]).toEqual({
      type: "string",
      description: "At most one field of the oneof `choice` is given.",
    });
    expect(dependentSchemas).toBeUndefined();
  });

  test("all messages are there, however deep", () => {
    expect(Object.keys(schemas).length).toBe(2001 + 4 + 2);
  });
});

describe("a rule that is wrong", () => {
  test.each(wrong.map(([rule, message], index) => [rule, message, index] as const))(
    "%s is refused by the method's name",
    (_, message, index) => {
      const one = contracts("shop.proto").map((file) => {
        const copy = clone(FileDescriptorProtoSchema, file);
        for (const service of copy.service) service.method = service.method.slice(index, index + 1);
        return copy;
      });
      const wrongRule = () => documentOf(one);
      expect(wrongRule).toThrow(message);
      expect(wrongRule).toThrow(`shop.Shop.Get${index}: `);
    },
  );
});

test("two services of one name have tags by their full names", () => {
  const { info, tags } = documentOf(contracts("a.proto", "b.proto"), { openapi_title: "Both" });
  expect(info).toEqual({ title: "Both", version: "0.0.0" });
  expect(tags).toEqual([{ name: "a.Same" }, { name: "b.Same" }]);
});

test("the plugin writes the document, where there are rules", () => {
  const written = (...names: readonly string[]) =>
    generateModules(
      described.filter(({ name }) => names.includes(name)),
      "openapi",
    ).get("openapi.json");
  const google = [
    "google/protobuf/descriptor.proto",
    "google/api/http.proto",
    "google/api/annotations.proto",
  ];
  expect(JSON.parse(written(...google, "a.proto")!)).toMatchObject({ info: { title: "a" } });
  expect(written("google/protobuf/empty.proto")).toBeUndefined();
});
