import { installVerifier } from "../../engine/runtime/index.ts";
import { observePasses } from "../../engine/util/after-pass.ts";
import { checkAfterPass } from "./check-passes.ts";
import { makeVerifier } from "./verifier.ts";

// One of the import-time side effects of the library (see `sideEffects` in package.json): makes the verifier available
// to `configure({ verify })`.
installVerifier(makeVerifier);
observePasses(checkAfterPass);
