#!/usr/bin/env node
import nodeModule from "node:module";

// From Node 22.8 on: what V8 made of the modules that are loaded from here on is kept in the folder for temporary files, and the
// next run loads them in half the time. NODE_COMPILE_CACHE names another folder, NODE_DISABLE_COMPILE_CACHE=1 keeps nothing.
(nodeModule as { readonly enableCompileCache?: () => void }).enableCompileCache?.();

const { runInProcess } = await import("./process.ts");
await runInProcess();
