import { overRuntimes } from "../../jest.over-runtimes.mjs";

export default overRuntimes();
