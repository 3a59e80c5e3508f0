/** The registry of the suite `installed`. */
export { setup as default } from "./dist/registry/jest-setup.js";
