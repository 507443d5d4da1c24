import { readFileSync } from "node:fs";
import { figuresOf } from "../../../bench/figures.mjs";

const readme = new URL("../../../README.md", import.meta.url);

/** The figures of the README. */
export default {
  watch: ["../../../README.md"],
  load: () => figuresOf(readFileSync(readme, "utf8")),
};
