// Holds that the committed code is what the plugin makes of the contract. Run it after `npm run generate`.
import { execFileSync } from "node:child_process";

const git = (...args) => execFileSync("git", args, { encoding: "utf8" });
const changed = git("status", "--porcelain", "--", "src/gen");
if (changed !== "") {
  console.error(git("diff", "--", "src/gen"));
  console.error(`generated anew, these files differ from what is committed:\n${changed}`);
  console.error("Run `npm run generate`, and commit src/gen.");
  process.exit(1);
}
console.log("src/gen is what the plugin makes of the contract");
