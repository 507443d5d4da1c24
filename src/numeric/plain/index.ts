import "../array/methods.ts";
import "../../engine/runtime/install.ts";

export type { FormHandle } from "./call/attach.ts";
export { attachForm, overTensors, wrapForm } from "./call/attach.ts";
export type { CompilationCacheOptions } from "./compilation-cache.ts";
export { offerCompilationCache, setCompilationCache } from "./compilation-cache.ts";
export type { WrittenCall } from "./call/precompile.ts";
export { precompile, withRecords } from "./call/precompile.ts";
export type { CompileOptions } from "./compile.ts";
export { compile } from "./compile.ts";
export { elaborate } from "./elaborate/elaborate.ts";
export type { ArrayKind, PlainForm, PlainType } from "./form/form.ts";
export { formText } from "./form/form-text.ts";
export type { MarkedFunction, Module, ModuleOptions, Parse } from "./syntax/module.ts";
export { markedFunctions, parseModule } from "./syntax/module.ts";
export { PlainError } from "./syntax/refuse.ts";
