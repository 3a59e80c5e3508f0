// Runs before each test: JSON is part of a bundle for browsers if the page enables it.
import { enableJson } from "../message-type.js";

enableJson();
