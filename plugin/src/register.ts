// Entry of `node --import downhill-plugin/register` and `bun --preload downhill-plugin/register`: all modules loaded
// later are compiled.
import * as nodeModule from "node:module";
import { type Bun, compileInBun } from "./bun-modules.ts";
import { load } from "./hooks.ts";

// Since Node 22.15 hooks run in the same thread; before, they run in a separate one.
type RegisterHooks = (hooks: { load: typeof load }) => void;
const { registerHooks } = nodeModule as unknown as { readonly registerHooks?: RegisterHooks };
const { Bun: bun } = globalThis as unknown as { readonly Bun?: Bun };
if (bun !== undefined) compileInBun(bun);
else if (registerHooks === undefined) nodeModule.register("./hooks.js", import.meta.url);
else registerHooks({ load });
