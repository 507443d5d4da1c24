import "../array/methods.ts";
import "../../engine/runtime/install.ts";

export type { FormHandle } from "./call/attach.ts";
export { attachForm, overTensors, wrapForm } from "./call/attach.ts";
export type { CompileOptions } from "./compile.ts";
export { compile } from "./compile.ts";
export { elaborate } from "./elaborate.ts";
export type { ArrayKind, PlainForm, PlainType } from "./form.ts";
export { formText } from "./form-text.ts";
export type { MarkedFunction, Module, ModuleOptions, Parse } from "./module.ts";
export { markedFunctions, parseModule } from "./module.ts";
export { PlainError } from "./refuse.ts";
