// `pnpm docs:plots`: draws the pictures of docs/measurements.md from the figures in its tables.
import { join } from "node:path";
import { drawPlots } from "./draw-plots.js";

drawPlots(join(import.meta.dirname, "../../../../docs"));
