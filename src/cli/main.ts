#!/usr/bin/env node
import nodeModule from "node:module";

// From Node 22.8 on, V8's compiled form of all modules loaded from here on is cached in the temporary folder, and the
// next run loads them in half the time. NODE_COMPILE_CACHE sets another folder, NODE_DISABLE_COMPILE_CACHE=1 disables
// the cache.
(nodeModule as { readonly enableCompileCache?: () => void }).enableCompileCache?.();

const { runInProcess } = await import("./process.ts");
await runInProcess();
