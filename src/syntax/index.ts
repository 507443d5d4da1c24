export type { BinaryOperator, Expr, Statement } from "./ast.ts";
export { showExpr } from "./ast.ts";
export type { CompiledText, NamedStatement } from "./compile.ts";
export { compileText } from "./compile.ts";
export { freshNames } from "./names.ts";
export { parse } from "./parse.ts";
