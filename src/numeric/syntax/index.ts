export { showExpr } from "./ast.ts";
export type { CompiledText } from "./compile.ts";
export { compileText } from "./compile.ts";
