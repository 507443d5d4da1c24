import type { PositionIndex, RegionExpr, RegionParam } from "../../../engine/region/form/region.ts";
import type { FreshNames, PositionTable } from "../draft/draft.ts";
import { StatementBlock, and, isDeep, local, number, select, someExpr, truth } from "../draft/draft.ts";
import type { PlainType } from "../form/form.ts";
import type { Expression, FunctionNode, Node, SpreadElement, Statement } from "../syntax/ast.ts";
import type { EnclosingNodes, Module } from "../syntax/module.ts";
import { PlainError } from "../syntax/refuse.ts";
import { assignedNames } from "../syntax/walk.ts";
import type { NameBinding, Entity, PresentEntity, ObjectIdentity, ScalarEntity } from "./entity.ts";
import { LexicalScope, describe, localScalar } from "./entity.ts";
import type { BooleanFacts } from "./facts.ts";
import { factsWhere, simplified } from "./facts.ts";

/** Where a `break`, `continue` or `return` goes. */
export interface Jump {
  /** The local that is true once it was taken; made when somebody has to ask. */
  flag: string | undefined;
  /** Where that local is declared. */
  readonly declarations: StatementBlock;
}

/** A statement that jumps go out of. */
export interface JumpFrame {
  readonly kind: "loop" | "switch" | "block";
  readonly labels: readonly string[];
  readonly break: Jump;
  readonly continue?: Jump;
}

/** Collects what the `return` statements of a call give. */
export interface ReturnTarget {
  readonly jump: Jump;
  readonly give: (env: Env, node: Node, value: Entity) => void;
}

/** A function whose body is being read, and the call that it is read for. */
export interface InlinedCall {
  readonly node: FunctionNode;
  readonly module: Module;
  /** Where the function is called, in the module of its caller; `undefined` for the marked function. */
  readonly site: Node | undefined;
}

/** What the whole of one marked function shares. */
export interface CompilationUnit {
  readonly names: FreshNames;
  readonly positions: PositionTable;
  /** The module of the marked function, and the nodes around it. */
  readonly module: Module;
  readonly around: EnclosingNodes;
  /** Locals of the region that get other values. */
  readonly mutable: Set<string>;
  /** Values of immutable locals, which sizes are made of. */
  readonly definitions: Map<string, LocalDefinition>;
  /** Names that refer to arrays, objects and tuples, innermost last. */
  readonly aliases: {
    /** Absent for what an expression uses that is being evaluated. */
    readonly name: string | undefined;
    readonly binding: NameBinding;
  }[];
  readonly params: RegionParam[];
  readonly captured: { readonly name: string; readonly type: PlainType }[];
  /** Names of the classes of errors that the program defines, and the function throws. */
  readonly errors: Set<string>;
  /** Entities of captured values, by their declaration. */
  readonly outside: Map<Node, Entity>;
  /** Lengths of declared arrays of the region, by their names. */
  readonly dims: Map<string, readonly RegionExpr[]>;
  /** Copies that stand for a second name of the same object: right as long as nobody writes to either, asked at the end. */
  readonly copies: { readonly roots: readonly ObjectIdentity[]; readonly env: Env; readonly node: Node }[];
  rootCount: number;
  /** The node that was evaluated or executed last: where the stack of the engine ends, the error names it. */
  current: { readonly node: Node; readonly module: Module } | undefined;
  /** Syntax nodes that inlined calls have copied so far. */
  inlinedNodes: number;
  readonly elaborate: Elaborator;
}

export interface LocalDefinition {
  readonly value: RegionExpr;
  readonly blocks: readonly object[];
  /** Counts definitions in the order in which they are made. */
  readonly serial: number;
}

/** A place among the statements of the region, for declarations that turn out to be needed. */
export interface InsertionPoint {
  readonly out: StatementBlock;
  readonly blocks: readonly object[];
  /** Definitions of these blocks with lower numbers come before. */
  readonly serial: number;
}

/** The parts of the front end that need each other. */
export interface Elaborator {
  readonly evaluate: (env: Env, node: Expression) => Entity;
  readonly call: (env: Env, site: Node, callee: Entity, args: readonly Entity[]) => Entity;
  readonly effect: (env: Env, node: Expression) => void;
  readonly block: (env: Env, body: readonly Statement[]) => void;
  /** A method of an array, whose arguments are still text. */
  readonly method: (
    env: Env,
    site: Node,
    array: Entity,
    name: string,
    args: readonly (Expression | SpreadElement)[],
  ) => Entity;
}

/** Where the walk over the text stands. */
export interface Env {
  readonly unit: CompilationUnit;
  readonly module: Module;
  readonly scope: LexicalScope;
  /** Nodes that declare names around the function that is being read, for what lies outside of it. */
  readonly around: EnclosingNodes;
  readonly out: StatementBlock;
  /** Blocks of the region that are open, innermost last; `out` is one of them, or a place in one. */
  readonly blocks: readonly object[];
  readonly frames: readonly JumpFrame[];
  readonly returns: ReturnTarget | undefined;
  /** Jumps that need no flag, since what follows here is where they go. */
  readonly tail: ReadonlySet<Jump>;
  /** What the conditions around here say about booleans. */
  readonly facts: BooleanFacts;
  /** Values of the objects before a `?.` in the chain that is being read, which are known to be present. */
  readonly links: ReadonlyMap<Node, Entity>;
  /** The calls that are being inlined, the marked function first. */
  readonly calls: readonly InlinedCall[];
  /** Loops of the text around here, within the function. */
  readonly loops: readonly Node[];
  /** The variable that is declared here: what its value is made of is named after it. */
  readonly hint: string | undefined;
  /** Where a helper of another module is called from. */
  readonly site: PositionIndex | undefined;
}

/**
 * Refuses the function that is being read.
 *
 * @throws PlainError
 */
export function refuse(env: Pick<Env, "module">, node: Node, reason: string): never {
  throw new PlainError(env.module, node, reason);
}

export function textOf(env: Pick<Env, "module">, node: Node): string {
  return env.module.text.slice(node.start, node.end).replace(/\s+/g, " ");
}

/** The position of a node up to `end`. What stands in another module is shown by the place that calls it: a region has one file. */
export function at(env: Env, node: Node, end?: number): PositionIndex {
  const { unit, module, site } = env;
  return module !== unit.module && site !== undefined ? site : unit.positions.of(module, node, end);
}

/** Blocks of a region within one another at most. Later stages, which follow blocks by recursion, take 500. */
const mostBlocks = 450;

/**
 * A new block of the region, below the open ones.
 *
 * @throws PlainError where there are too many: an early return has all that comes after it in a block of its own.
 */
export function nested(env: Env, tail: ReadonlySet<Jump> = env.tail): Env {
  const { current } = env.unit;
  if (env.blocks.length > mostBlocks && current !== undefined)
    refuse(
      current,
      current.node,
      `more than ${mostBlocks} branches, loops and early returns are nested here: write else if in place of returns one after the ` +
        "other, or a loop over an array of the cases.",
    );
  const out = new StatementBlock();
  return { ...env, out, blocks: [...env.blocks, out], tail };
}

/** A block of the text: its names end with it. */
export function withScope<T>(env: Env, node: Node, within: (inner: Env) => T): T {
  const { aliases } = env.unit;
  const before = aliases.length;
  const result = within({ ...env, scope: new LexicalScope(node, env.scope) });
  aliases.length = before;
  return result;
}

export function newRoot(env: Env, label: string, readOnly = false): ObjectIdentity {
  return { label, readOnly, born: env.unit.rootCount++, written: false };
}

/** Declares a local of the region with a first value. */
export function letLocal(
  env: Env,
  wanted: string,
  value: RegionExpr,
  options: {
    readonly mutable?: boolean;
    readonly at?: PositionIndex | undefined;
    readonly out?: StatementBlock;
    readonly root?: ObjectIdentity;
  } = {},
): ScalarEntity {
  const name = env.unit.names.fresh(wanted);
  (options.out ?? env.out).push({ kind: "let", name, value, at: options.at });
  if (options.mutable === true) env.unit.mutable.add(name);
  else env.unit.definitions.set(name, { value, blocks: env.blocks, serial: env.unit.definitions.size });
  return localScalar(name, value.type, options.root);
}

/** The place where the next statement will stand. */
export function placeHere(env: Env): InsertionPoint {
  return { out: env.out.reserve(), blocks: env.blocks, serial: env.unit.definitions.size };
}

/** Whether an expression has the same value wherever it is evaluated later on. */
export function isStable({ unit }: Env, expr: RegionExpr): boolean {
  return !someExpr(expr, (part) =>
    part.kind === "local" ? unit.mutable.has(part.name) : part.kind === "load",
  );
}

/** The expression, or an immutable local that keeps its value from here on. */
export function keep(env: Env, expr: RegionExpr, wanted = "t", out: StatementBlock = env.out): RegionExpr {
  return isStable(env, expr) ? expr : letLocal(env, wanted, expr, { out }).value;
}

/** The expression, or an immutable local in place of one that is nested deeply: sums of 10,000 terms are. */
export function shallow(env: Env, expr: RegionExpr): RegionExpr {
  return isDeep(expr) ? letLocal(env, env.hint ?? "t", expr).value : expr;
}

/** The expression as something that may be used many times. */
export function atom(env: Env, expr: RegionExpr, wanted = "t"): RegionExpr {
  return expr.kind === "const" || (expr.kind === "local" && isStable(env, expr))
    ? expr
    : letLocal(env, wanted, expr).value;
}

/**
 * Values in the order of the text: what a later one does changes none of those before it. Each is computed where it stands
 * only if later ones have statements.
 */
export function inOrder<T>(
  env: Env,
  items: readonly T[],
  evaluate: (env: Env, item: T, index: number) => Entity,
): Entity[] {
  const values: { entity: Entity; readonly place: StatementBlock; readonly size: number }[] = [];
  const { aliases } = env.unit;
  const before = aliases.length;
  for (const [index, item] of items.entries()) {
    const entity = evaluate(env, item, index);
    values.push({ entity, place: env.out.reserve(), size: env.out.size });
    if ("root" in entity) noteUse(env, entity, entity.root);
  }
  aliases.length = before;
  const end = env.out.size;
  for (const value of values) if (value.size < end) value.entity = frozen(env, value.entity, value.place);
  return values.map(({ entity }) => entity);
}

/** Notes that an expression uses an array or object while the rest of it is evaluated, which must not exchange it. */
function noteUse(env: Env, entity: Entity, root: ObjectIdentity): void {
  const used: Entity =
    entity.kind === "scalar" ? { kind: "record", fields: new Map(), root, fresh: false } : entity;
  const binding = { entity: used, block: env.unit.module.program, reassigned: false, isConst: true };
  env.unit.aliases.push({ name: undefined, binding });
}

/** The arrays and objects that a number can be assigned in: several where it is an item at a place that the text does not tell. */
export function ownersOf({ target }: ScalarEntity): ObjectIdentity[] {
  if (target?.kind === "element") return [target.storage.root];
  if (target?.kind === "item") return target.items.flatMap(ownersOf);
  return target?.kind === "local" && target.root !== undefined ? [target.root] : [];
}

/** Evaluates the rest of an expression that uses an array or object, or writes to a part of one. */
export function whileUsed<T>(env: Env, entity: Entity, rest: () => T): T {
  const { aliases } = env.unit;
  const before = aliases.length;
  const roots = entity.kind === "scalar" ? ownersOf(entity) : "root" in entity ? [entity.root] : [];
  for (const root of roots) noteUse(env, entity, root);
  const result = rest();
  aliases.length = before;
  return result;
}

/** A scalar as it is at a place, records and tuples part by part where nothing else refers to them. */
export function frozen(env: Env, entity: Entity, out: StatementBlock): Entity {
  switch (entity.kind) {
    case "scalar": {
      const value = keep(env, entity.value, "t", out);
      const { target } = entity;
      if (target?.kind !== "element") return { ...entity, value };
      const places = target.places.map((place) => keep(env, place, "place", out));
      return { ...entity, value, target: { ...target, places } };
    }
    case "array": {
      const places = entity.places.map((place) => keep(env, place, "place", out));
      return { ...entity, places };
    }
    case "optional": {
      const present = frozen(env, entity.present, out) as ScalarEntity;
      return { ...entity, present, value: frozen(env, entity.value, out) as PresentEntity };
    }
    case "record": {
      if (!entity.fresh) return entity;
      const fields = [...entity.fields].map(([name, field]) => [name, frozen(env, field, out)] as const);
      return { ...entity, fields: new Map(fields) };
    }
    case "tuple":
      return entity.fresh ? { ...entity, items: entity.items.map((item) => frozen(env, item, out)) } : entity;
    case "function":
    case "global":
    case "nothing":
      return entity;
  }
}

/** The environment where a condition is known to be `value`. */
export function assuming(env: Env, test: RegionExpr, value: boolean): Env {
  const facts = factsWhere(env.facts, test, value, (name) => !env.unit.mutable.has(name));
  return facts === env.facts ? env : { ...env, facts };
}

/** True if a value is not `undefined`: a constant where the conditions around here decide it. */
export function isPresent(env: Env, entity: Entity): RegionExpr {
  if (entity.kind === "optional") return simplified(env.facts, entity.present.value);
  return truth(entity.kind !== "nothing");
}

/** The number or boolean that an entity is. In arithmetic `undefined` is NaN, and in conditions false, as in JavaScript. */
export function scalarValue(env: Env, node: Node, entity: Entity): RegionExpr {
  if (entity.kind === "scalar") return entity.value;
  if (entity.kind === "optional" && entity.value.kind === "scalar") {
    const { value } = entity.value;
    const present = isPresent(env, entity);
    return value.type === "bool" ? and(present, value) : select(present, value, number(NaN));
  }
  const what =
    entity.kind === "nothing"
      ? `a value is needed here, and ${textOf(env, node)} is undefined: give it a value, or a default by ??.`
      : entity.kind === "global" && !entity.name.includes(".")
        ? `${entity.name} has no value here: declare it above this line, or hand it in as an argument.`
        : undefined;
  return refuse(
    env,
    node,
    what ?? `a number is needed here, and ${textOf(env, node)} is ${describe(entity)}.`,
  );
}

/** The number that an entity is. */
export function numberValue(env: Env, node: Node, entity: Entity): RegionExpr {
  const value = scalarValue(env, node, entity);
  if (value.type !== "bool") return value;
  return refuse(
    env,
    node,
    `a number is needed here, and ${textOf(env, node)} is a boolean: write ${textOf(env, node)} ? 1 : 0.`,
  );
}

/** Whether something in a block of the text assigns to a name. */
export function isReassigned(block: Node, name: string): boolean {
  return assignedNames(block).has(name);
}

/** Reads a local that tells whether a jump was taken; declares it where that is not done yet. */
export function flagOf(env: Env, jump: Jump, wanted: string): string {
  if (jump.flag === undefined) {
    jump.flag = env.unit.names.fresh(wanted);
    env.unit.mutable.add(jump.flag);
    jump.declarations.push({
      kind: "let",
      name: jump.flag,
      value: { kind: "const", type: "bool", value: 0 },
    });
  }
  return jump.flag;
}

export function flagExpr(jump: Jump): RegionExpr | undefined {
  return jump.flag === undefined ? undefined : local(jump.flag, "bool");
}
