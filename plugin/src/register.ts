// What `node --import downhill-plugin/register` and `bun --preload downhill-plugin/register` load: from then on modules pass through
// the compiler.
import * as nodeModule from "node:module";
import { type Bun, compileInBun } from "./bun-modules.ts";
import { load } from "./hooks.ts";

// Hooks in the thread itself are there since Node 22.15; before, a thread of their own runs them.
type RegisterHooks = (hooks: { load: typeof load }) => void;
const { registerHooks } = nodeModule as unknown as { readonly registerHooks?: RegisterHooks };
const { Bun: bun } = globalThis as unknown as { readonly Bun?: Bun };
if (bun !== undefined) compileInBun(bun);
else if (registerHooks === undefined) nodeModule.register("./hooks.js", import.meta.url);
else registerHooks({ load });
