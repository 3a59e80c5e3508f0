// Holds that all packages of Callwire are of one version, exactly: those that package.json names, and those that are installed.
import { readFileSync } from "node:fs";

const read = (path) => JSON.parse(readFileSync(path, "utf8"));
const isOurs = (name) => name.startsWith("@callwire/");
const problems = [];

const { dependencies = {}, devDependencies = {} } = read("package.json");
const wanted = Object.entries({ ...dependencies, ...devDependencies }).filter(([name]) => isOurs(name));
for (const [name, range] of wanted) {
  if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(range))
    problems.push(`package.json: ${name} is "${range}"; \`npm install --save-exact ${name}\` pins it`);
}
const versions = new Set(wanted.map(([, version]) => version));
if (versions.size > 1)
  problems.push(
    `package.json names versions ${[...versions].join(" and ")}: raise all of @callwire/* together`,
  );

const { packages } = read("package-lock.json");
for (const [path, { version }] of Object.entries(packages)) {
  const name = path.split("node_modules/").at(-1);
  if (isOurs(name) && !versions.has(version))
    problems.push(
      `package-lock.json: ${path} is ${version}; \`npm install\` again, after all were raised together`,
    );
}

for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
console.log(`@callwire/*: ${[...versions].join()}`);
