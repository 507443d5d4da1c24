// Every test file that shares a process runs under `configure({ verify: "first-call" })`, except those below.
import { expect } from "vitest";
import { setChoices, withDefaults } from "../../src/engine/runtime/choices.ts";
import { engine } from "../../src/engine/runtime/engine.ts";
import "../../src/testing/verify/install.ts";
import { compareOnce } from "../../src/testing/verify/verifier.ts";
import { extent } from "./extent.ts";

/** Test files without `verify`, by the reason. */
const excluded: Readonly<Record<string, readonly string[]>> = {
  "attaches forms to other functions than they were made from": ["test/plain/records.test.ts"],
};

/** The most scalar operations of a comparison: the suite may take some 8 s longer. */
const verifyBudget = extent(4000, 20_000, 20_000);

const path = expect.getState().testPath?.replaceAll("\\", "/") ?? "";
const reason = Object.keys(excluded).find((key) => excluded[key]!.some((name) => path.endsWith(`/${name}`)));
const verify = reason === undefined ? "first-call" : "off";
engine.defaults = { ...engine.defaults, verify, verifyBudget };
compareOnce(true);
setChoices(withDefaults({}));
