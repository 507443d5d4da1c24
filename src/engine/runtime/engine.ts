import { DownhillError } from "../errors/index.ts";
import type { Program } from "../ir/program.ts";
import type { Backend } from "../kernel/executable.ts";
import type { LoweredText } from "./inspect.ts";
import type { Executable } from "./run.ts";

/** What compiles whole programs. */
export interface Compiler {
  /** The executable of a program: compiled once for all programs of the same structure. */
  readonly executableOf: (program: Program, donated: readonly boolean[]) => Executable;
}

/** A backend that generates code, where that is allowed. */
export interface Generator {
  readonly backend: Backend;
  readonly isAllowed: () => boolean;
}

/** What shows a program on its way to code. */
type Inspector = (program: Program) => LoweredText;

let inspector: Inspector = () => {
  throw new DownhillError(
    "option",
    'lower: only the jit of "downhill" can show what a function becomes, not that of "downhill/core".',
  );
};
let compiler: Compiler | undefined;
let generator: Generator | undefined;
/** Counts the changes of how things are compiled: what was compiled before is compiled anew. */
let generation = 0;

/**
 * Has single operations on arrays compiled like whole programs from now on. Bundles that compile nothing do without: there
 * each operation is a loop of its own in JavaScript.
 */
export function installCompiler(given: Compiler): void {
  compiler = given;
  generation++;
}

/** The compiler, where the program holds one. */
export function installedCompiler(): Compiler | undefined {
  return compiler;
}

/** Has single operations run as generated code from now on, and not interpreted. */
export function installGenerator(given: Generator): void {
  generator = given;
}

/** The backend that generates code, if the program holds one and it may. */
export function installedGenerator(): Backend | undefined {
  return generator?.isAllowed() === true ? generator.backend : undefined;
}

/** What was compiled under another number is out of date. */
export function deviceGeneration(): number {
  return generation;
}

/** Notes that compiled code would look different from now on. */
export function startGeneration(): void {
  generation++;
}

/** Lets jitted functions show what they become. */
export function installInspector(given: Inspector): void {
  inspector = given;
}

/** What shows that, or says why it cannot. */
export function installedInspector(): Inspector {
  return inspector;
}
