import { looseText, mustHold, resultOf, type FuzzTarget } from "@callwire/testkit/fuzz/fuzz-target";
import { InvalidFields } from "../../domain/errors.js";
import { PageTokens } from "../../domain/page-token.js";
import { ResumeTokens } from "../../domain/resume-token.js";

const pages = new PageTokens(Buffer.alloc(32, 1));
const resumes = new ResumeTokens(Buffer.alloc(8, 2));
const shape = { filter: "age>3", orderBy: "name desc" };
const LAST_POSITION = 1000;

const isInvalid = (error: unknown): boolean => error instanceof InvalidFields;

/** Page tokens and resume tokens: one that is taken is one that was handed out, to the letter. */
export const tokens: FuzzTarget = {
  name: "tokens",
  about: "page tokens and resume tokens",
  covers: ["/domain/page-token.ts", "/domain/resume-token.ts"],
  maxBytes: 300,
  isText: true,
  seeds: () => [
    pages.encode(shape, { keys: ["Zoë"], sequence: 7 }),
    pages.encode({ ...shape, filter: "" }, { keys: [1], sequence: 7 }),
    ...[0, 1000, 1001].map((position) => resumes.encode(position)),
    "AAAA",
    "",
  ],
  dictionary: ["=", "-", "_", "+", "/", "\n", "AA"],
  maxSteps: { base: 1000, perByte: 50 },
  open: () => ({
    run(input) {
      const token = looseText(input);
      const cursor = resultOf(() => pages.decode(shape, token), isInvalid)?.value;
      if (cursor !== undefined)
        mustHold(pages.encode(shape, cursor) === token, "another page token is taken");
      const position = resultOf(() => resumes.decode(token, LAST_POSITION), isInvalid)?.value;
      if (position === undefined) return;
      mustHold(position >= 0 && position <= LAST_POSITION, `the position ${position}`);
      mustHold(resumes.encode(position) === token, "another resume token is taken");
    },
  }),
};
