import type { PositionIndex, RegionExpr, RegionType } from "../../../engine/region/form/region.ts";
import { and, convert, local } from "../draft/draft.ts";
import type { ArrayKind, NullAbsence } from "../form/form.ts";
import type { FunctionNode, Node } from "../syntax/ast.ts";
import type { EnclosingNodes, Module } from "../syntax/module.ts";
import type { UnknownStorage } from "./env.ts";

// Entity: the meaning of a source expression while a function is compiled to a region. A scalar is a region expression,
// an array is stored in arrays of the region, records and tuples are their parts, and functions are inlined where they
// are called.

/** An array of the region, either declared or a parameter. */
export interface ArrayStorage {
  readonly name: string;
  readonly type: RegionType;
  /** Lengths as expressions of parameters and immutable locals; `undefined` for a parameter. */
  readonly dims: readonly RegionExpr[] | undefined;
  readonly root: ObjectIdentity;
  /** Block that declares the array, and all blocks around it. Empty for a parameter. */
  readonly blocks: readonly object[];
  /** True for a parameter of type Uint8Array. */
  readonly isBytes?: boolean;
}

/**
 * Identity of a JavaScript object. Names that refer to the same object share it, so that writes and replacements can be
 * checked for aliases.
 */
export interface ObjectIdentity {
  /** Name in the source, for messages. */
  readonly label: string;
  /** True for parameters and captured values, which must not be written to. */
  readonly readOnly: boolean;
  /** Serial number of the object. Objects created later have higher numbers. */
  readonly born: number;
  /** True if the function writes to an element or a field. */
  written: boolean;
  /** True if the function reorders the items of the array, which are arrays or objects. */
  reordered?: boolean;
}

/** Memory layout of a value: one axis per level of arrays, and one array of the region per number at the leaves. */
export type ValueLayout =
  | { readonly kind: "element"; readonly storage: ArrayStorage }
  /** A string, stored as its code. */
  | { readonly kind: "text"; readonly storage: ArrayStorage; readonly cases?: readonly number[] | undefined }
  | ArrayLayout
  | { readonly kind: "record"; readonly fields: ReadonlyMap<string, ValueLayout> }
  | { readonly kind: "tuple"; readonly items: readonly ValueLayout[] }
  | {
      readonly kind: "optional";
      readonly present: ArrayStorage;
      readonly value: ValueLayout;
      readonly absence?: NullAbsence | undefined;
      readonly isMember?: true | undefined;
    };

export interface ArrayLayout {
  readonly kind: "array";
  readonly of: ArrayKind;
  readonly item: ValueLayout;
}

/** A location to which a scalar can be assigned. */
export type AssignmentTarget =
  /** A local. `root` is the object that contains it as a field, if any. */
  | { readonly kind: "local"; readonly name: string; readonly root: ObjectIdentity | undefined }
  | {
      readonly kind: "element";
      readonly storage: ArrayStorage;
      readonly places: readonly RegionExpr[];
      readonly at: PositionIndex | undefined;
    }
  /** An item of a tuple at an index known only at run time: an immutable local with a value 0, 1, …. */
  | { readonly kind: "item"; readonly place: RegionExpr; readonly items: readonly ScalarEntity[] }
  /** A field or item of a read-only object. */
  | { readonly kind: "readOnly"; readonly root: ObjectIdentity; readonly isItem: boolean };

export interface ScalarEntity {
  readonly kind: "scalar";
  readonly value: RegionExpr; // f64 or bool
  readonly target?: AssignmentTarget | undefined;
}

/** A string that the function only compares. `code` is its index in `CompilationUnit.texts`. */
export interface TextEntity {
  readonly kind: "text";
  readonly code: ScalarEntity;
  /** Codes of all strings that it may be, if they are known. */
  readonly cases?: readonly number[] | undefined;
}

export interface ArrayEntity {
  readonly kind: "array";
  readonly layout: ArrayLayout;
  /** Leading indices, if the array is a row of another array. */
  readonly places: readonly RegionExpr[];
  readonly root: ObjectIdentity;
  /** True if nothing else refers to the array, because it comes from `new`, `slice` or a literal. */
  readonly fresh: boolean;
  /** True if the array was just created and all elements are 0. */
  readonly isZero?: boolean;
  /** Number of items so far, of an array that grows; its storage has space for more. */
  readonly count?: RegionExpr | undefined;
}

export interface RecordEntity {
  readonly kind: "record";
  readonly fields: ReadonlyMap<string, Entity>;
  readonly root: ObjectIdentity;
  readonly fresh: boolean;
}

export interface TupleEntity {
  readonly kind: "tuple";
  readonly items: readonly Entity[];
  readonly root: ObjectIdentity;
  readonly fresh: boolean;
}

/**
 * A value that may be absent at run time: `undefined`, or what `absence` says. While it is absent, `value` holds
 * placeholders that must not be read.
 */
export interface OptionalEntity {
  readonly kind: "optional";
  /** True if the value is present. */
  readonly present: ScalarEntity;
  readonly value: PresentEntity;
  readonly absence?: NullAbsence | undefined;
  /**
   * True for a field that only some members of a union have. Its type is that of a present value where the source tests
   * which member it is, so that its absence is an error at run time.
   */
  readonly isMember?: true | undefined;
}

export interface FunctionEntity {
  readonly kind: "function";
  readonly node: FunctionNode;
  readonly module: Module;
  /** Scope of its free names; `undefined` for a function outside of the marked function. */
  readonly scope: LexicalScope | undefined;
  readonly around: EnclosingNodes;
}

export type PresentEntity = ScalarEntity | TextEntity | ArrayEntity | RecordEntity | TupleEntity;

export type Entity =
  | PresentEntity
  | OptionalEntity
  | FunctionEntity
  /** `Math`, `Number`, `Array`, … and their functions, by dotted name. */
  | { readonly kind: "global"; readonly name: string }
  | NoValue;

/**
 * `undefined`: an omitted argument, or the result of a function without a return value. With `isNull`, `null`. `unknown`
 * is the variable that has no value yet and whose storage is not known.
 */
export interface NoValue {
  readonly kind: "nothing";
  readonly isNull?: true | undefined;
  readonly unknown?: UnknownStorage;
}

export interface NameBinding {
  readonly entity: Entity;
  /** Node at whose end the scope ends. */
  readonly block: Node;
  /** True if an assignment in the scope changes the value of the name. */
  readonly reassigned: boolean;
  readonly isConst: boolean;
}

/** Names declared in a block of the source, chained to the enclosing blocks. */
export class LexicalScope {
  readonly parent: LexicalScope | undefined;
  /** Node of the block. */
  readonly node: Node;
  readonly #bindings = new Map<string, NameBinding>();

  constructor(node: Node, parent?: LexicalScope) {
    this.node = node;
    this.parent = parent;
  }

  get(name: string): NameBinding | undefined {
    return this.#bindings.get(name) ?? this.parent?.get(name);
  }

  set(name: string, binding: NameBinding): void {
    this.#bindings.set(name, binding);
  }

  own(name: string): NameBinding | undefined {
    return this.#bindings.get(name);
  }
}

export function scalar(value: RegionExpr, target?: AssignmentTarget): ScalarEntity {
  return { kind: "scalar", value, target };
}

/** Scalar entity of a region local. `root` is the object that contains it as a field, if any. */
export function localScalar(name: string, type: RegionType, root?: ObjectIdentity): ScalarEntity {
  return scalar(local(name, type), { kind: "local", name, root });
}

export const nothing: Entity = { kind: "nothing" };

/** The value `null`. */
export const nullValue: Entity = { kind: "nothing", isNull: true };

/** The JavaScript value that a value has while it is absent; `undefined` if it is always present. */
export function absenceOf(entity: Entity): "undefined" | NullAbsence | undefined {
  if (entity.kind === "nothing") return entity.isNull === true ? "null" : "undefined";
  return entity.kind === "optional" ? (entity.absence ?? "undefined") : undefined;
}

/** The absence of a value that is one of several, whose own absences are given; `undefined` for always present ones. */
export function jointAbsence(
  ...all: readonly ("undefined" | NullAbsence | undefined)[]
): NullAbsence | undefined {
  const known = new Set(all.filter((one) => one !== undefined));
  if (known.size > 1) return "either";
  const [only] = known;
  return only === "undefined" ? undefined : only;
}

/** Returns the arrays of the region in a layout, in order. */
export function storagesOf(layout: ValueLayout): ArrayStorage[] {
  switch (layout.kind) {
    case "element":
    case "text":
      return [layout.storage];
    case "array":
      return storagesOf(layout.item);
    case "record":
      return [...layout.fields.values()].flatMap(storagesOf);
    case "tuple":
      return layout.items.flatMap(storagesOf);
    case "optional":
      return [layout.present, ...storagesOf(layout.value)];
  }
}

/**
 * Entity at the given leading indices of a layout. Numbers are loaded where they are used, with a bounds check if `at`
 * is given.
 */
export function viewOf(
  layout: ValueLayout,
  places: readonly RegionExpr[],
  root: ObjectIdentity,
  at: PositionIndex | undefined,
): PresentEntity | OptionalEntity {
  switch (layout.kind) {
    case "element":
      return elementOf(layout.storage, places, at);
    case "text":
      return { kind: "text", code: elementOf(layout.storage, places, at), cases: layout.cases };
    case "array":
      return { kind: "array", layout, places, root, fresh: false };
    case "record": {
      const fields = [...layout.fields].map(
        ([name, field]) => [name, viewOf(field, places, root, at)] as const,
      );
      return { kind: "record", fields: new Map(fields), root, fresh: false };
    }
    case "tuple": {
      const items = layout.items.map((item) => viewOf(item, places, root, at));
      return { kind: "tuple", items, root, fresh: false };
    }
    case "optional": {
      const value = viewOf(layout.value, places, root, at);
      return optional(elementOf(layout.present, places, at), value, layout);
    }
  }
}

function elementOf(
  storage: ArrayStorage,
  places: readonly RegionExpr[],
  at: PositionIndex | undefined,
): ScalarEntity {
  const value: RegionExpr = { kind: "load", type: storage.type, array: storage.name, places, at };
  const type = storage.type === "bool" ? "bool" : "f64";
  return scalar(convert(type, value), { kind: "element", storage, places, at });
}

/**
 * Builds a value that is absent if `present` is false. If `value` is optional itself, the result is absent if either
 * is.
 */
export function optional(
  present: ScalarEntity,
  value: PresentEntity | OptionalEntity,
  { absence, isMember }: Pick<OptionalEntity, "absence" | "isMember"> = {},
): OptionalEntity {
  if (value.kind !== "optional") return { kind: "optional", present, value, absence, isMember };
  return {
    kind: "optional",
    present: scalar(and(present.value, value.present.value)),
    value: value.value,
    absence: jointAbsence(absence ?? "undefined", absenceOf(value)),
  };
}

/** The JavaScript value of an absent value, for messages. */
export function showAbsence(entity: Entity): "undefined" | "null" | "null or undefined" {
  const absence = absenceOf(entity) ?? "undefined";
  return absence === "either" ? "null or undefined" : absence;
}

/** Describes an entity for messages. */
export function describe(entity: Entity): string {
  switch (entity.kind) {
    case "scalar":
      return entity.value.type === "bool" ? "a boolean" : "a number";
    case "array":
      return "an array";
    case "text":
      return "a string";
    case "record":
      return "an object";
    case "tuple":
      return "a tuple";
    case "optional":
      return `${describe(entity.value)} or ${showAbsence(entity)}`;
    case "function":
      return "a function";
    case "global":
      return entity.name;
    case "nothing":
      return showAbsence(entity);
  }
}
