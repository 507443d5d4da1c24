import type { Lru } from "../util/lru.ts";
import { makeLru } from "../util/lru.ts";
import type { Primitive } from "./primitive.ts";
import type { ArrayType } from "./types.ts";

/**
 * A value of a program, identified by the object itself. `name` comes from the source text and is only for printing.
 */
export interface Var {
  readonly type: ArrayType;
  readonly name?: string | undefined;
}

/** `outs = prim[params](ins)`. `source` is the line of user code that requested the operation. */
export interface Equation {
  readonly prim: Primitive;
  readonly params: unknown;
  readonly ins: readonly Var[];
  readonly outs: readonly Var[];
  readonly source?: EquationSource | undefined;
}

/** Location in user code that requested an operation. `describe` formats the captured stack on first use. */
export interface EquationSource {
  readonly describe: () => string;
  /**
   * The operation whose derivative this equation belongs to; recorded only in debug mode. `pass` is the pass in which
   * it runs.
   */
  readonly origin?: string | undefined;
  readonly pass?: "forward" | "reverse" | undefined;
}

/**
 * A function as data: typed, in static single assignment form, with loops kept as equations with sub-programs. It is
 * closed: it reads nothing but its inputs.
 */
export interface Program {
  readonly name: string;
  readonly ins: readonly Var[];
  readonly eqns: readonly Equation[];
  readonly outs: readonly Var[];
}

/**
 * A program that equations can refer to before it exists. The rules of a function may thus contain equations that apply
 * the function itself. Traversals of programs do not enter it.
 */
export class DeferredProgram {
  #make: () => Program;
  #program: Program | undefined;
  #forms: Lru<string, DeferredProgram> | undefined;

  /** @param make creates the program on first use. */
  constructor(make: () => Program) {
    this.#make = make;
  }

  get program(): Program {
    return (this.#program ??= this.#make());
  }

  set program(program: Program) {
    this.#program = program;
  }

  /**
   * Deferred program `f(program)`, computed on first use and cached by `key`, so that a derived form can refer to
   * itself.
   */
  form(key: string, f: (program: Program) => Program): DeferredProgram {
    const forms = (this.#forms ??= makeLru(formsPerProgram));
    let form = forms.get(key);
    if (form === undefined) forms.set(key, (form = new DeferredProgram(() => f(this.program))));
    return form;
  }
}

/** Maximum number of cached forms per program. It is bounded because batch sizes may vary without limit. */
const formsPerProgram = 64;

export function isProgram(value: unknown): value is Program {
  return typeof value === "object" && value !== null && "eqns" in value && "ins" in value && "outs" in value;
}

/** Programs inside the parameters of an equation, in parameter order. */
export function subPrograms(params: unknown): Program[] {
  if (typeof params !== "object" || params === null) return [];
  return Object.values(params).flatMap((value: unknown) =>
    isProgram(value) ? [value] : Array.isArray(value) ? value.filter(isProgram) : [],
  );
}

/** Number of equations, including those of sub-programs. */
export function countEquations(program: Program): number {
  let n = program.eqns.length;
  for (const eqn of program.eqns) for (const sub of subPrograms(eqn.params)) n += countEquations(sub);
  return n;
}
