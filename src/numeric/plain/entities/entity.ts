import type { PositionIndex, RegionExpr, RegionType } from "../../../engine/region/form/region.ts";
import { and, convert, local } from "../draft/draft.ts";
import type { ArrayKind } from "../form/form.ts";
import type { FunctionNode, Node } from "../syntax/ast.ts";
import type { EnclosingNodes, Module } from "../syntax/module.ts";

// What an expression of the text stands for while a function is turned into a region. Scalars are expressions of the region;
// arrays lie in arrays of the region, records and tuples are their parts, functions are inlined where they are called.

/** An array of the region, or of its parameters. */
export interface ArrayStorage {
  readonly name: string;
  readonly type: RegionType;
  /** Its lengths as expressions of parameters and immutable locals; `undefined` for a parameter. */
  readonly dims: readonly RegionExpr[] | undefined;
  readonly root: ObjectIdentity;
  /** The block that declares it, with all blocks around it; empty for a parameter. */
  readonly blocks: readonly object[];
}

/** What names refer to by reference, as JavaScript's objects are: to be known again when one is written to or replaced. */
export interface ObjectIdentity {
  /** As the text calls it. */
  readonly label: string;
  /** Of a parameter, or from outside of the function: never written to. */
  readonly readOnly: boolean;
  /** Counts all roots as they come into being. */
  readonly born: number;
  /** Whether an element or a field of it is written to. */
  written: boolean;
}

/** How values lie in arrays: an axis for each level of arrays, one array of the region for each number at the leaves. */
export type ValueLayout =
  | { readonly kind: "element"; readonly storage: ArrayStorage }
  | ArrayLayout
  | { readonly kind: "record"; readonly fields: ReadonlyMap<string, ValueLayout> }
  | { readonly kind: "tuple"; readonly items: readonly ValueLayout[] }
  | { readonly kind: "optional"; readonly present: ArrayStorage; readonly value: ValueLayout };

export interface ArrayLayout {
  readonly kind: "array";
  readonly of: ArrayKind;
  readonly item: ValueLayout;
}

/** What a scalar can be assigned through. */
export type AssignmentTarget =
  /** `root` is the object that it is a field of. */
  | { readonly kind: "local"; readonly name: string; readonly root: ObjectIdentity | undefined }
  | {
      readonly kind: "element";
      readonly storage: ArrayStorage;
      readonly places: readonly RegionExpr[];
      readonly at: PositionIndex | undefined;
    }
  /** An item of a tuple, by a place that is known when the function runs: an immutable local that is one of 0, 1, …. */
  | { readonly kind: "item"; readonly place: RegionExpr; readonly items: readonly ScalarEntity[] }
  /** A field of what is only read, or an item. */
  | { readonly kind: "readOnly"; readonly root: ObjectIdentity; readonly isItem: boolean };

export interface ScalarEntity {
  readonly kind: "scalar";
  readonly value: RegionExpr; // f64 or bool
  readonly target?: AssignmentTarget | undefined;
}

export interface ArrayEntity {
  readonly kind: "array";
  readonly layout: ArrayLayout;
  /** Places along the axes before those of the array itself, for a row of another. */
  readonly places: readonly RegionExpr[];
  readonly root: ObjectIdentity;
  /** Nothing else refers to it: it comes from `new`, `slice`, a literal. */
  readonly fresh: boolean;
  /** It was just made, and all of it is 0. */
  readonly isZero?: boolean;
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
 * A value that may be absent (`undefined`) at run time. While it is absent, `value` holds placeholders that must not be
 * read.
 */
export interface OptionalEntity {
  readonly kind: "optional";
  /** True if the value is present. */
  readonly present: ScalarEntity;
  readonly value: PresentEntity;
}

export interface FunctionEntity {
  readonly kind: "function";
  readonly node: FunctionNode;
  readonly module: Module;
  /** Where its free names are looked up first; `undefined` for one from outside of the marked function. */
  readonly scope: LexicalScope | undefined;
  readonly around: EnclosingNodes;
}

export type PresentEntity = ScalarEntity | ArrayEntity | RecordEntity | TupleEntity;

export type Entity =
  | PresentEntity
  | OptionalEntity
  | FunctionEntity
  /** `Math`, `Number`, `Array`, … and their functions, by dotted name. */
  | { readonly kind: "global"; readonly name: string }
  /** `undefined`: an argument that a call leaves out, or the result of a function that returns none. */
  | { readonly kind: "nothing" };

export interface NameBinding {
  readonly entity: Entity;
  /** The node whose end ends the scope. */
  readonly block: Node;
  /** Whether something in that block assigns to it. */
  readonly reassigned: boolean;
  readonly isConst: boolean;
}

/** Names of a block of the text, and of those around it. */
export class LexicalScope {
  readonly parent: LexicalScope | undefined;
  /** The block. */
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

/** A local, perhaps a field of an object. */
export function localScalar(name: string, type: RegionType, root?: ObjectIdentity): ScalarEntity {
  return scalar(local(name, type), { kind: "local", name, root });
}

export const nothing: Entity = { kind: "nothing" };

/** The arrays of the region that a layout consists of, in order. */
export function storagesOf(layout: ValueLayout): ArrayStorage[] {
  switch (layout.kind) {
    case "element":
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

/** What lies at `places`: numbers are read where they are used, guarded where `at` is given. */
export function viewOf(
  layout: ValueLayout,
  places: readonly RegionExpr[],
  root: ObjectIdentity,
  at: PositionIndex | undefined,
): PresentEntity | OptionalEntity {
  switch (layout.kind) {
    case "element":
      return elementOf(layout.storage, places, at);
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
      return optional(elementOf(layout.present, places, at), value);
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

/** A value that is absent where `present` is false; an optional value inside is absent where either is. */
export function optional(present: ScalarEntity, value: PresentEntity | OptionalEntity): OptionalEntity {
  if (value.kind !== "optional") return { kind: "optional", present, value };
  return {
    kind: "optional",
    present: scalar(and(present.value, value.present.value)),
    value: value.value,
  };
}

/** As messages call it. */
export function describe(entity: Entity): string {
  switch (entity.kind) {
    case "scalar":
      return entity.value.type === "bool" ? "a boolean" : "a number";
    case "array":
      return "an array";
    case "record":
      return "an object";
    case "tuple":
      return "a tuple";
    case "optional":
      return `${describe(entity.value)} or undefined`;
    case "function":
      return "a function";
    case "global":
      return entity.name;
    case "nothing":
      return "undefined";
  }
}
