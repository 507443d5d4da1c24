import type { PositionIndex, RegionExpr, RegionParam } from "../../../engine/region/form/region.ts";
import type { FreshNames, PositionTable } from "../draft/draft.ts";
import {
  StatementBlock,
  and,
  isDeep,
  isTrue,
  local,
  number,
  select,
  someExpr,
  truth,
} from "../draft/draft.ts";
import type { NullAbsence, PlainType } from "../form/form.ts";
import type { Expression, FunctionNode, Node, SpreadElement, Statement } from "../syntax/ast.ts";
import type { EnclosingNodes, Module } from "../syntax/module.ts";
import { PlainError } from "../syntax/refuse.ts";
import { assignedNames } from "../syntax/walk.ts";
import type {
  ArrayEntity,
  NameBinding,
  Entity,
  PresentEntity,
  ObjectIdentity,
  ScalarEntity,
  TextEntity,
  TupleEntity,
} from "./entity.ts";
import { LexicalScope, describe, localScalar, showAbsence } from "./entity.ts";
import type { ValuePlan } from "./plan.ts";
import type { BooleanFacts, Changes, WriteLog } from "./facts.ts";
import { factsWhere, lastingFacts, simplified } from "./facts.ts";

/** Target of a `break`, `continue` or `return`. */
export interface Jump {
  /** Boolean local that is true after the jump was taken. Created on first use. */
  flag: string | undefined;
  /** Insertion point for the declaration of that local. */
  readonly declarations: StatementBlock;
}

/** A statement that a `break` or `continue` can leave. */
export interface JumpFrame {
  readonly kind: "loop" | "switch" | "block";
  readonly labels: readonly string[];
  readonly break: Jump;
  readonly continue?: Jump;
}

/** Collects the values of the `return` statements of a call. */
export interface ReturnTarget {
  readonly jump: Jump;
  readonly give: (env: Env, node: Node, value: Entity) => void;
}

/** Function being inlined, and the call that inlines it. */
export interface InlinedCall {
  readonly node: FunctionNode;
  readonly module: Module;
  /** Call site in the module of the caller; `undefined` for the marked function. */
  readonly site: Node | undefined;
}

/** A loop of the region around the current statement, with its bounds. */
export interface LoopTrip {
  /** Name of the index; `undefined` for a loop whose number of iterations is not known before it. */
  readonly index: string | undefined;
  readonly from: RegionExpr;
  /** First value that the index does not reach. */
  readonly to: RegionExpr;
  readonly step: number;
  /** True if a condition may end the loop early. */
  readonly mayEnd: boolean;
}

/** State of an array while a statement appends items to it. */
export interface GrowingArray {
  readonly name: string;
  /** The array before the statement. */
  readonly before: ArrayEntity | TupleEntity;
  /** Statement of the block that declares the array. */
  readonly statement: Node;
  /** Mutable local with the number of items. */
  readonly count: ScalarEntity;
  /** Name of the local with the capacity of the storage in items. */
  readonly capacity: string;
  /** Number of region loops (`trips`) and of region blocks around the statement. */
  readonly trips: number;
  readonly blocks: number;
  /** Insertion point of the declaration of the storage, before the first item is appended. */
  place: InsertionPoint | undefined;
  /** Insertion point of the computation of the capacity, before the declaration of the storage. */
  room: StatementBlock | undefined;
  array: ArrayEntity | undefined;
  /** Upper bounds of the numbers of items that each `push` appends. */
  readonly terms: RegionExpr[];
  /** True if the sum of `terms` is the number of appended items. */
  isExact: boolean;
}

/** State shared by the whole compilation of one marked function. */
export interface CompilationUnit {
  readonly names: FreshNames;
  readonly positions: PositionTable;
  /** Module of the marked function, and the nodes around it. */
  readonly module: Module;
  readonly around: EnclosingNodes;
  /** Locals of the region that are reassigned. */
  readonly mutable: Set<string>;
  /** Values of immutable locals, from which sizes are derived. */
  readonly definitions: Map<string, LocalDefinition>;
  /** Names that refer to arrays, objects and tuples, innermost last. */
  readonly aliases: {
    /**
     * Name that refers to the object; absent for a temporary entry, that is, an object that the expression being
     * evaluated uses.
     */
    readonly name: string | undefined;
    readonly binding: NameBinding;
  }[];
  readonly params: RegionParam[];
  readonly captured: { readonly name: string; readonly type: PlainType }[];
  /** Names of error classes of the program that the function throws. */
  readonly errors: Set<string>;
  /** Entities of captured values, by declaration. */
  readonly outside: Map<Node, Entity>;
  /** Lengths of declared region arrays, by name. */
  readonly dims: Map<string, readonly RegionExpr[]>;
  /**
   * Copies that were made instead of a second reference to an object. They are valid only if neither object is written
   * to, which is checked at the end.
   */
  readonly copies: {
    readonly roots: readonly ObjectIdentity[];
    readonly env: Env;
    readonly node: Node;
    readonly of: "whole" | "items";
  }[];
  /** Arrays that the current statements append items to, by identity. */
  readonly growths: Map<ObjectIdentity, GrowingArray>;
  /**
   * Plans of variables that are declared without a value, by declaration. An earlier elaboration of the function found
   * them where it first assigned such a variable, and began again.
   */
  readonly learned: Map<string, LearnedPlan>;
  /** Variables without a value whose plan is not known yet, in order of declaration. */
  readonly unknown: UnknownStorage[];
  /** First error while there were such variables; it may disappear once their plans are known. */
  deferred: PlainError | undefined;
  /** Strings of the function; the index of a string is its code. */
  readonly texts: string[];
  /** Locals and arrays of the region that were created to hold codes of strings. */
  readonly textNames: Set<string>;
  /**
   * For each `switch` whose possible values are known: true if its cases are all of them, as determined when it was last
   * elaborated.
   */
  readonly exhaustive: Map<Node, boolean>;
  rootCount: number;
  /** Node that was evaluated or executed last, for messages about a stack overflow. */
  current: { readonly node: Node; readonly module: Module } | undefined;
  /** Number of syntax nodes that inlined calls have copied so far. */
  inlinedNodes: number;
  /**
   * Number of field names that types had left out (`Module.leftOut`) before the first statement. If later types leave
   * out more, the function is elaborated again, because earlier code has kept these fields.
   */
  leftOut: number;
  readonly elaborate: Elaborator;
}

/** A variable that is declared without a value, and whose storage is not known before it is assigned. */
export interface UnknownStorage {
  readonly key: string;
  readonly place: InsertionPoint;
  readonly absence: NullAbsence | undefined;
}

export interface LearnedPlan {
  readonly plan: ValuePlan;
  /** Number of variables of unknown storage that were declared before. */
  readonly order: number;
}

/** Thrown when the plan of a variable was found, so that the function is elaborated again. */
export class ElaborateAgain extends Error {}

export interface LocalDefinition {
  readonly value: RegionExpr;
  readonly blocks: readonly object[];
  /** Serial number in order of definition. */
  readonly serial: number;
}

/** Insertion point in the region, for declarations that later code turns out to need. */
export interface InsertionPoint {
  readonly out: StatementBlock;
  readonly blocks: readonly object[];
  /** Definitions in these blocks precede the insertion point if their number is lower than this. */
  readonly serial: number;
  /** Loops of the region around the insertion point; their indices are known there. */
  readonly trips: readonly LoopTrip[];
}

/** Parts of the front end that depend on each other. */
export interface Elaborator {
  readonly evaluate: (env: Env, node: Expression) => Entity;
  readonly call: (env: Env, site: Node, callee: Entity, args: readonly Entity[]) => Entity;
  readonly effect: (env: Env, node: Expression) => void;
  readonly block: (env: Env, body: readonly Statement[]) => void;
  /** Evaluates a method call of an array. The arguments are still syntax nodes. */
  readonly method: (
    env: Env,
    site: Node,
    array: Entity,
    name: string,
    args: readonly (Expression | SpreadElement)[],
  ) => Entity;
}

/** Context of the traversal at the current node of the source. */
export interface Env {
  readonly unit: CompilationUnit;
  readonly module: Module;
  readonly scope: LexicalScope;
  /** Nodes around the current function that declare names, used to resolve names from outside of it. */
  readonly around: EnclosingNodes;
  readonly out: StatementBlock;
  /**
   * Blocks of the region that enclose the current statement, outermost first. `out` is the last one, or an insertion
   * point in one.
   */
  readonly blocks: readonly object[];
  readonly frames: readonly JumpFrame[];
  readonly returns: ReturnTarget | undefined;
  /** Jumps that need no flag, because the code at their target follows directly. */
  readonly tail: ReadonlySet<Jump>;
  /** Truth values of booleans that the surrounding conditions imply. */
  readonly facts: BooleanFacts;
  /** Assignments since the innermost condition that `facts` contains. */
  readonly log: WriteLog | undefined;
  /** Objects before a `?.` in the current chain of accesses that are known to be present. */
  readonly links: ReadonlyMap<Node, Entity>;
  /** Element access that yields `undefined` outside of its array, because the code around it handles absence. */
  readonly maybeAbsent?: Node;
  /** Calls being inlined, the marked function first. */
  readonly calls: readonly InlinedCall[];
  /** Source loops around the current node, within the function. */
  readonly loops: readonly Node[];
  /** Loops of the region around the current node, including those around inlined calls. */
  readonly trips: readonly LoopTrip[];
  /** Name of the variable being declared, from which temporaries derive their names. */
  readonly hint: string | undefined;
  /** For code inlined from another module, the position of the call in the module of the marked function. */
  readonly site: PositionIndex | undefined;
}

/**
 * Refuses to compile the current function.
 *
 * @throws PlainError
 */
export function refuse(env: Pick<Env, "module">, node: Node, reason: string): never {
  throw new PlainError(env.module, node, reason);
}

export function textOf(env: Pick<Env, "module">, node: Node): string {
  return env.module.text.slice(node.start, node.end).replace(/\s+/g, " ");
}

/**
 * Source position of a node up to `end`. For a node in another module it is the call site, because a region refers to
 * one file.
 */
export function at(env: Env, node: Node, end?: number): PositionIndex {
  const { unit, module, site } = env;
  return module !== unit.module && site !== undefined ? site : unit.positions.of(module, node, end);
}

/** Maximum nesting depth of region blocks. Later stages traverse blocks by recursion and support 500. */
const mostBlocks = 450;

/**
 * Opens a new block of the region within the open ones.
 *
 * @throws PlainError if blocks are nested too deeply, for example by early returns: the rest of the function is in a
 * block for each of them.
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

/** Opens the body of a loop. */
export function nestedLoop(env: Env, trip: LoopTrip): Env {
  const facts = lastingFacts(env.facts);
  return { ...nested(env, new Set()), trips: [...env.trips, trip], facts };
}

/** Runs `within` in the scope of a source block. The names declared there end with it. */
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

/** Declares a local of the region with an initial value. */
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

/** Reserves an insertion point at the current position, before the next statement. */
export function placeHere(env: Env): InsertionPoint {
  return {
    out: env.out.reserve(),
    blocks: env.blocks,
    serial: env.unit.definitions.size,
    trips: env.trips,
  };
}

/** True if an expression has the same value wherever it is evaluated later. */
export function isStable({ unit }: Env, expr: RegionExpr): boolean {
  return !someExpr(expr, (part) =>
    part.kind === "local" ? unit.mutable.has(part.name) : part.kind === "load",
  );
}

/** Returns the expression if it is stable, otherwise an immutable local with its current value. */
export function keep(env: Env, expr: RegionExpr, wanted = "t", out: StatementBlock = env.out): RegionExpr {
  return isStable(env, expr) ? expr : letLocal(env, wanted, expr, { out }).value;
}

/** Returns the expression, or an immutable local if it is nested too deeply, as a sum of 10,000 terms is. */
export function shallow(env: Env, expr: RegionExpr): RegionExpr {
  return isDeep(expr) ? letLocal(env, env.hint ?? "t", expr).value : expr;
}

/** Returns the expression, or an immutable local, so that multiple uses do not recompute it. */
export function atom(env: Env, expr: RegionExpr, wanted = "t"): RegionExpr {
  return expr.kind === "const" || (expr.kind === "local" && isStable(env, expr))
    ? expr
    : letLocal(env, wanted, expr).value;
}

/**
 * Evaluates items in source order. Side effects of a later item do not change earlier values: those are stored in
 * locals if a later item emits statements.
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

/**
 * Marks an array or object as used by the current expression, so that the rest of the expression must not replace its
 * contents.
 */
function noteUse(env: Env, entity: Entity, root: ObjectIdentity): void {
  const used: Entity =
    entity.kind === "scalar" ? { kind: "record", fields: new Map(), root, fresh: false } : entity;
  const binding = { entity: used, block: env.unit.module.program, reassigned: false, isConst: true };
  env.unit.aliases.push({ name: undefined, binding });
}

/**
 * Objects that an assignment to the scalar may change. There are several for an item of a tuple at an index that is
 * unknown at compile time.
 */
export function ownersOf({ target }: ScalarEntity): ObjectIdentity[] {
  if (target?.kind === "element") return [target.storage.root];
  if (target?.kind === "item") return target.items.flatMap(ownersOf);
  return target?.kind === "local" && target.root !== undefined ? [target.root] : [];
}

/** Evaluates `rest` while an array or object is marked as used, so that the expression cannot replace its contents. */
export function whileUsed<T>(env: Env, entity: Entity, rest: () => T): T {
  const { aliases } = env.unit;
  const before = aliases.length;
  const roots = entity.kind === "scalar" ? ownersOf(entity) : "root" in entity ? [entity.root] : [];
  for (const root of roots) noteUse(env, entity, root);
  const result = rest();
  aliases.length = before;
  return result;
}

/**
 * Stores in locals the parts of an entity that could change later: scalars, indices of rows and elements, and the parts
 * of unshared records and tuples.
 */
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
    case "text":
      return { ...entity, code: frozen(env, entity.code, out) as ScalarEntity };
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

/** Returns the environment in which the condition is known to be `value`. */
export function assuming(env: Env, test: RegionExpr, value: boolean): Env {
  const log = { names: new Set<string>(), parent: env.log };
  const { unit } = env;
  const changes: Changes = (name) => {
    if (unit.mutable.has(name)) return "logged";
    return unit.dims.has(name) ? "unknown" : "never"; // arrays among the parameters are not written to
  };
  const facts = factsWhere(env.facts, test, value, changes, log);
  return facts === env.facts ? env : { ...env, facts, log };
}

/** Condition that a value is not `undefined`. It is a constant if the surrounding conditions decide it. */
export function isPresent(env: Env, entity: Entity): RegionExpr {
  if (entity.kind === "optional") return simplified(env.facts, entity.present.value);
  return truth(entity.kind !== "nothing");
}

/**
 * Returns the number or boolean of an entity. As in JavaScript, `undefined` is NaN in arithmetic and false in
 * conditions.
 */
export function scalarValue(env: Env, node: Node, entity: Entity): RegionExpr {
  if (entity.kind === "scalar") return entity.value;
  if (entity.kind === "optional" && entity.value.kind === "scalar") {
    const { value } = entity.value;
    const present = isPresent(env, entity);
    if (value.type === "bool") return and(present, value);
    if (entity.absence === "either" && !isTrue(present))
      return refuse(
        env,
        node,
        `a number is needed here, and ${textOf(env, node)} may be null, which counts as 0, or undefined, which counts as NaN: give it a default by ??.`,
      );
    return select(present, value, number(entity.absence === "null" ? 0 : NaN));
  }
  const what =
    entity.kind === "nothing"
      ? `a value is needed here, and ${textOf(env, node)} is ${showAbsence(entity)}: give it a value, or a default by ??.`
      : entity.kind === "global" && !entity.name.includes(".")
        ? `${entity.name} has no value here: declare it above this line, or hand it in as an argument.`
        : undefined;
  return refuse(
    env,
    node,
    what ?? `a number is needed here, and ${textOf(env, node)} is ${describe(entity)}.`,
  );
}

/** Returns the number of an entity; refuses booleans. */
export function numberValue(env: Env, node: Node, entity: Entity): RegionExpr {
  const value = scalarValue(env, node, entity);
  if (value.type !== "bool") return value;
  return refuse(
    env,
    node,
    `a number is needed here, and ${textOf(env, node)} is a boolean: write ${textOf(env, node)} ? 1 : 0.`,
  );
}

/** True if an assignment in a block of the source changes the name. */
export function isReassigned(block: Node, name: string): boolean {
  return assignedNames(block).has(name);
}

/** Returns the code of a string; adds the string to the table of the unit if it is new. */
export function codeOf({ texts }: Pick<CompilationUnit, "texts">, text: string): number {
  const known = texts.indexOf(text);
  return known < 0 ? texts.push(text) - 1 : known;
}

/** Creates the entity of a known string. */
export function textConstant(env: Env, text: string): TextEntity {
  return { kind: "text", code: { kind: "scalar", value: number(codeOf(env.unit, text)) } };
}

/** Returns the boolean local that records whether a jump was taken. Declares it on first use. */
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
