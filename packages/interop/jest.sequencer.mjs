import TestSequencer from "@jest/test-sequencer";

/** The files that take longest, the longest first. Jest would begin with those that have most lines. */
const longest = [
  "src/npm-start",
  "src/consumers/consumers",
  "src/create-callwire",
  "src/kill",
  "src/published-limits",
  "src/conformance/",
  "src/runtimes",
  "src/proxies/",
  "src/start",
];

/** Begins with what takes long: no process then waits for the last file of the other. */
export default class extends TestSequencer {
  sort(tests) {
    const place = ({ path }) =>
      longest.findIndex((name) => path.includes(`/interop/${name}`)) + 1 || Infinity;
    // oxlint-disable-next-line unicorn/no-array-sort -- it is the sequencer's own
    const ordered = super.sort(tests);
    return ordered.toSorted((a, b) => (place(a) === place(b) ? 0 : place(a) - place(b)));
  }
}
