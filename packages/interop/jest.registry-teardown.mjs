export { teardown as default } from "./dist/registry/jest-setup.js";
