// What `node --import downhill-plugin/register` loads: from then on modules pass through the compiler.
import * as nodeModule from "node:module";
import { load } from "./hooks.ts";

// Hooks in the thread itself are there since Node 22.15; before, a thread of their own runs them.
type RegisterHooks = (hooks: { load: typeof load }) => void;
const { registerHooks } = nodeModule as unknown as { readonly registerHooks?: RegisterHooks };
if (registerHooks === undefined) nodeModule.register("./hooks.js", import.meta.url);
else registerHooks({ load });
