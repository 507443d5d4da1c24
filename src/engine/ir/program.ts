import type { Lru } from "../util/lru.ts";
import { makeLru } from "../util/lru.ts";
import type { Primitive } from "./primitive.ts";
import type { ArrayType } from "./types.ts";

/** A value of a program; the object itself is its identity. `name` comes from the source text and only serves readers. */
export interface Var {
  readonly type: ArrayType;
  readonly name?: string | undefined;
}

/** `outs = prim[params](ins)`. `source` tells the line of the user's code that asked for it. */
export interface Equation {
  readonly prim: Primitive;
  readonly params: unknown;
  readonly ins: readonly Var[];
  readonly outs: readonly Var[];
  readonly source?: EquationSource | undefined;
}

/** Where in the user's code an operation was asked for; `describe` formats the captured stack when first needed. */
export interface EquationSource {
  readonly describe: () => string;
  /** While debugging: the operation whose derivative it belongs to, and the pass that it runs in. */
  readonly origin?: string | undefined;
  readonly pass?: "forward" | "reverse" | undefined;
}

/**
 * A function as data: typed, in single static assignment, loops kept as equations with sub-programs. Closed: what it
 * reads are its inputs and nothing else.
 */
export interface Program {
  readonly name: string;
  readonly ins: readonly Var[];
  readonly eqns: readonly Equation[];
  readonly outs: readonly Var[];
}

/**
 * A program that equations may refer to before it is there. So the rule of a function may hold equations that apply this
 * function, with the rule itself among their parameters: what walks through programs does not enter it.
 */
export class DeferredProgram {
  #make: () => Program;
  #program: Program | undefined;
  #forms: Lru<string, DeferredProgram> | undefined;

  /** @param make makes the program when it is first asked for. */
  constructor(make: () => Program) {
    this.#make = make;
  }

  get program(): Program {
    return (this.#program ??= this.#make());
  }

  set program(program: Program) {
    this.#program = program;
  }

  /** What `f` makes of it, once that is asked for; the same for an equal key, so that a form may hold itself too. */
  form(key: string, f: (program: Program) => Program): DeferredProgram {
    const forms = (this.#forms ??= makeLru(formsPerProgram));
    let form = forms.get(key);
    if (form === undefined) forms.set(key, (form = new DeferredProgram(() => f(this.program))));
    return form;
  }
}

/** Forms of one program that are remembered: batches come in any size. */
const formsPerProgram = 64;

export function isProgram(value: unknown): value is Program {
  return typeof value === "object" && value !== null && "eqns" in value && "ins" in value && "outs" in value;
}

/** The programs inside the parameters of an equation, in the order of the parameters. */
export function subPrograms(params: unknown): Program[] {
  if (typeof params !== "object" || params === null) return [];
  return Object.values(params).flatMap((value: unknown) =>
    isProgram(value) ? [value] : Array.isArray(value) ? value.filter(isProgram) : [],
  );
}

/** Number of equations, those of sub-programs included. */
export function countEquations(program: Program): number {
  let n = program.eqns.length;
  for (const eqn of program.eqns) for (const sub of subPrograms(eqn.params)) n += countEquations(sub);
  return n;
}
