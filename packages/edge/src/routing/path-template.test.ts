import { describe, expect, test } from "@jest/globals";
import { parseTemplate } from "./path-template.js";
import { parsePath } from "./request-path.js";
import { Router, valuesOf } from "./router.js";

/** A template in a short form: its segments, its variables, its verb. */
function shape(text: string): string {
  const { segments, variables, verb } = parseTemplate(text);
  const parts = segments.map((segment) =>
    segment.kind === "literal" ? segment.text : segment.kind === "one" ? "*" : "**",
  );
  const names = variables.map(
    ({ fieldPath, start, end, isMulti }) => `${fieldPath}=${start}-${end}${isMulti ? "+" : ""}`,
  );
  return [parts.join("|"), ...names, ...(verb === "" ? [] : [`:${verb}`])].join(" ");
}

describe("a path template", () => {
  test.each([
    ["/", ""],
    ["/v1", "v1"],
    ["/v1/users", "v1|users"],
    ["/v1/*/users/**", "v1|*|users|**"],
    ["/v1/{id}", "v1|* id=1-2"],
    ["/v1/{id=*}", "v1|* id=1-2"],
    ["/v1/{user.address.city}", "v1|* user.address.city=1-2"],
    ["/v1/{name=shelves/*}", "v1|shelves|* name=1-3+"],
    ["/v1/{name=**}", "v1|** name=1-2+"],
    ["/v1/{kind=users}", "v1|users kind=1-2"],
    ["/v1/{a=b/*}/c/{d}", "v1|b|*|c|* a=1-3+ d=4-5"],
    ["/v1/{a=b/**/c}/d", "v1|b|**|c|d a=1-4+"],
    ["/v1/{name=seg/wi:th}", "v1|seg|wi:th name=1-3+"],
    ["/v1/users:watch", "v1|users :watch"],
    ["/v1/{id}:undelete", "v1|* id=1-2 :undelete"],
    ["/v1/{name=a/*}:un:delete", "v1|a|* name=1-3+ :un:delete"],
    ["/v1/{id}:", "v1|* id=1-2"],
    ["/v1/a=b&c=d;e=f:g/x.rdf", "v1|a=b&c=d;e=f:g|x.rdf"],
    ["/v1/a:b:c", "v1|a:b :c"],
    ["/v1/-._~!$&'()*+,;=@", "v1|-._~!$&'()*+,;=@"],
    ["/v1/%e7%ac%ac", "v1|第"],
    ["/:LOCK", " :LOCK"],
    ["/v1:%75ndo%2c", "v1 :undo,"],
  ])("%s is taken apart", (text, expected) => {
    expect(shape(text)).toBe(expected);
  });

  test.each([
    ["", "does not begin with /"],
    ["v1/{name}", "does not begin with /"],
    ["/v1/", "has an empty segment"],
    ["//v1", "has an empty segment"],
    ["/v1/{}", "has a variable of no field"],
    ["/v1/{a..b}", "has a variable of no field"],
    ["/v1/{1a}", "has a variable of no field"],
    ["/v1/{a-b}", "has a variable of no field"],
    ["/v1/{a=}", "has an empty segment"],
    ["/v1/{a={b}}", "has a variable inside of a variable"],
    ["/v1/{a", "has a { without a }"],
    ["/v1/a}", "has a } without a {"],
    ["/v1/x{a}", "has a variable that is not a whole segment"],
    ["/v1/{a}x", "has a variable that is not a whole segment"],
    ["/v1/{a}/{a}", "names a twice"],
    ["/v1/**/**", "has ** twice"],
    ["/v1/***", "has a segment that is none"],
    ["/v1/a b", "has a segment that is none"],
    ["/v1/a?b", "has a segment that is none"],
    ["/v1/a%2", "has a segment that is none"],
    ["/v1/%ff", "has a segment that is no UTF-8"],
    ["/v1/{a}:b/c", "has a variable that is not a whole segment"],
  ])("%s is refused: it %s", (text, why) => {
    expect(() => parseTemplate(text)).toThrow(why);
  });
});

const routerOf = (...rules: string[]) =>
  new Router(
    rules.map((rule) => {
      const [httpMethod = "", text = ""] = rule.split(" ");
      return { httpMethod, template: parseTemplate(text), name: `of ${rule}` };
    }),
  );

/** The rule and the values that a router finds; or the methods that are allowed. */
function find(router: ReturnType<typeof routerOf>, request: string): string {
  const [method = "", path = ""] = request.split(" ");
  const parsed = parsePath(path);
  if (parsed === undefined) return "malformed";
  const found = router.find(parsed, method);
  if ("allowed" in found) return found.allowed.length === 0 ? "none" : `allow ${found.allowed.join()}`;
  const { template, httpMethod } = found.route;
  return [`${httpMethod} ${template.text}`, ...valuesOf(template, found.path).map(String)].join(" ");
}

describe("a router", () => {
  const router = routerOf(
    "GET /v1/users",
    "POST /v1/users",
    "GET /v1/users/{id}",
    "DELETE /v1/users/{id}",
    "GET /v1/users/me",
    "GET /v1/users:watch",
    "POST /v1/users/{id}:undelete",
    "POST /v1/users/{id}:b:undelete",
    "GET /v1/{name=shelves/*/books/*}",
    "GET /v1/{name=files/**}",
    "GET /v1/{name=files/**}:raw",
    "GET /v1/{name=tails/**/end}/x",
    "GET /v1/{name=tails/**}",
    "GET /v1/{name=tails/**}/y/x",
    "GET /v1/{name=tails/**}/x",
    "* /v1/any/{id}",
    "PUT /v1/any/{id}",
    "GET /",
    "GET /a/*/c",
    "GET /a/b/*",
    "GET /x/b/d",
    "GET /x/*/c",
    "GET /lit%2Feral/é".replace("é", "%C3%A9"),
  );

  test.each([
    ["GET /v1/users", "GET /v1/users"],
    ["POST /v1/users", "POST /v1/users"],
    ["GET /v1/users/7", "GET /v1/users/{id} 7"],
    ["DELETE /v1/users/7", "DELETE /v1/users/{id} 7"],
    // The most exact one, and another if it has not the method.
    ["GET /v1/users/me", "GET /v1/users/me"],
    ["DELETE /v1/users/me", "DELETE /v1/users/{id} me"],
    // Verbs.
    ["GET /v1/users:watch", "GET /v1/users:watch"],
    ["GET /v1/users%3Awatch", "none"],
    ["POST /v1/users/7:undelete", "POST /v1/users/{id}:undelete 7"],
    ["POST /v1/users/a:b:undelete", "POST /v1/users/{id}:b:undelete a"],
    ["GET /v1/users/7:undelete", "GET /v1/users/{id} 7:undelete"],
    // An escape of a character that needs none is the character (RFC 3986, section 6.2.2.2).
    ["POST /v1/users/7:un%64elete", "POST /v1/users/{id}:undelete 7"],
    ["POST /v1/users/a%3Ab:undelete", "POST /v1/users/{id}:undelete a:b"],
    ["POST /v1/users/a%20:b:un%64elete", "POST /v1/users/{id}:b:undelete a "],
    ["POST /v1/users/7%3Aundelete", "allow DELETE,GET"],
    ["GET /v1/%75sers:watch", "GET /v1/users:watch"],
    ["GET /v1/users/a:b", "GET /v1/users/{id} a:b"],
    ["GET /v1/files/a/b:raw", "GET /v1/{name=files/**}:raw files/a/b"],
    // Of several segments.
    ["GET /v1/shelves/1/books/2", "GET /v1/{name=shelves/*/books/*} shelves/1/books/2"],
    ["GET /v1/shelves/1/books", "none"],
    ["GET /v1/files", "GET /v1/{name=files/**} files"],
    ["GET /v1/files/a/b/c", "GET /v1/{name=files/**} files/a/b/c"],
    ["GET /v1/files/a//c", "GET /v1/{name=files/**} files/a//c"],
    ["GET /v1/tails/end/x", "GET /v1/{name=tails/**/end}/x tails/end"],
    ["GET /v1/tails/a/b/end/x", "GET /v1/{name=tails/**/end}/x tails/a/b/end"],
    // The more follows **, the more exact.
    ["GET /v1/tails/a/b", "GET /v1/{name=tails/**} tails/a/b"],
    ["GET /v1/tails/a/b/x", "GET /v1/{name=tails/**}/x tails/a/b"],
    ["GET /v1/tails/a/y/x", "GET /v1/{name=tails/**}/y/x tails/a"],
    // Backwards, where a literal leads nowhere.
    ["GET /a/b/c", "GET /a/b/*"],
    ["GET /x/b/c", "GET /x/*/c"],
    ["GET /x/b/d", "GET /x/b/d"],
    ["GET /", "GET /"],
    // Percent-encoding (http.proto): %2F stays where a slash would be a border.
    ["GET /v1/users/a%2Fb%20c%3A", "GET /v1/users/{id} a/b c:"],
    ["GET /v1/users/a+b", "GET /v1/users/{id} a+b"],
    ["GET /v1/users/%E2%82%AC", "GET /v1/users/{id} €"],
    ["GET /v1/files/a%2Fb/c%2fd%20e", "GET /v1/{name=files/**} files/a%2Fb/c%2fd e"],
    ["GET /v1/%75sers/7", "GET /v1/users/{id} 7"],
    ["GET /lit%2feral/%C3%A9", "GET /lit%2Feral/%C3%A9"],
    ["GET /v1/users/%FF", "GET /v1/users/{id} undefined"],
    // Methods.
    ["PUT /v1/any/1", "PUT /v1/any/{id} 1"],
    ["BREW /v1/any/1", "* /v1/any/{id} 1"],
    ["PATCH /v1/users", "allow GET,POST"],
    ["PATCH /v1/users/me", "allow DELETE,GET"],
    ["GET /v1/users/7:undo", "GET /v1/users/{id} 7:undo"],
    // Nothing.
    ["GET /v1", "none"],
    ["GET /v1/users/", "none"],
    ["GET /v1//users", "none"],
    ["GET /V1/users", "none"],
    // Not paths.
    ["GET /v1/users/..", "malformed"],
    ["GET /v1/files/../users", "malformed"],
    ["GET /v1/files/%2e%2E/users", "malformed"],
    ["GET /v1/files/.%2e/users", "malformed"],
    ["GET /v1/./users", "malformed"],
    ["GET /v1/users/%", "malformed"],
    ["GET /v1/users/%2", "malformed"],
    ["GET /v1/users/%zz", "malformed"],
    ["GET v1/users", "malformed"],
    ["GET *", "malformed"],
    ["GET http://host/v1/users", "malformed"],
    ["GET /v1/users/\u00e9", "malformed"],
    ["GET /v1/users/..a", "GET /v1/users/{id} ..a"],
    ["POST /v1/users/..:undelete", "allow DELETE,GET"],
    ["POST /v1/users/.:b:undelete", "POST /v1/users/{id}:undelete .:b"],
    ["GET /v1/users/...", "GET /v1/users/{id} ..."],
  ])("%s: %s", (request, expected) => {
    expect(find(router, request)).toBe(expected);
  });

  test.each([
    ["GET /v1/{a}", "GET /v1/{b}"],
    ["GET /v1/{a}", "GET /v1/*"],
    ["GET /v1/{a=b/*}", "GET /v1/b/{c}"],
    ["GET /v1/{a=**}:v", "GET /v1/**:v"],
    ["* /v1/a", "* /v1/a"],
    ["GET /v1/%61", "GET /v1/a"],
  ])("%s and %s are refused by their names", (first, second) => {
    const both = `${first} of of ${first} and ${second} of of ${second} take the same requests`;
    expect(() => routerOf(first, second)).toThrow(both);
  });

  test.each([
    ["GET /v1/{a}", "POST /v1/{b}"],
    ["GET /v1/{a}", "GET /v1/b"],
    ["GET /v1/{a}", "GET /v1/{b}:verb"],
    ["GET /v1/*", "GET /v1/**"],
    ["GET /v1/a", "* /v1/a"],
  ])("%s and %s are not the same", (first, second) => {
    expect(() => routerOf(first, second)).not.toThrow();
  });

  test("looks at each node once, however many ways a path may go", () => {
    // Two to the power of twenty ways, if each were tried to its end.
    const rules = Array.from({ length: 20 }, (_, index) => {
      const segments = Array.from({ length: 20 }, (_, at) => (at === index ? "*" : "a"));
      return `GET /${segments.join("/")}/end`;
    });
    const path = `/${"a/".repeat(20)}other`;
    expect(find(routerOf(...rules), `GET ${path}`)).toBe("none");
    expect(find(routerOf("GET /{a=**}/x"), `GET /${"x/".repeat(4000)}y`)).toBe("none");
  });
});
