import type { ExprText } from "../../../engine/kernel/code.ts";
import { callCode, primary } from "../../../engine/kernel/code.ts";
import type { RegionParam } from "../../../engine/region/form/region.ts";
import { assertNever } from "../../../engine/util/assert-never.ts";
import type { PlainType } from "../form/form.ts";
import { memberText, presenceText } from "./access.ts";
import type { ArrayText } from "./expression.ts";
import type { ModuleHelper } from "./helpers.ts";
import type { CollectedLeaves } from "./list-leaves.ts";
import { collectCode, directArray, isCollected, listLeaves, widthCode } from "./list-leaves.ts";
import { rowMajor } from "./statement.ts";

/** Context for generating the code of arguments. */
export interface ArgumentScope {
  /** Declares a name of the region and returns its name in the code. With `isNew` it must differ from the arguments. */
  declare(name: string, isNew?: boolean): string;
  fresh(hint: string): string;
  declareArray(name: string, text: ArrayText): void;
  helper(name: ModuleHelper): string;
  readonly collected: CollectedLeaves;
}

/**
 * Generates the lines that unpack an argument into parameters of a region, and name its numbers and arrays. Elements of
 * matrices and lists of records are read directly from the argument.
 */
export function argumentLines(
  argument: string,
  type: PlainType,
  next: () => RegionParam,
  scope: ArgumentScope,
): string[] {
  const lines: string[] = [];
  takeApart({ path: argument, type, next, scope, lines });
  return lines;
}

interface ArgumentPart {
  readonly path: string;
  readonly type: PlainType;
  readonly next: () => RegionParam;
  readonly scope: ArgumentScope;
  readonly lines: string[];
  /** True within a value that may be absent. */
  readonly mayLack?: boolean;
}

function takeApart(part: ArgumentPart): void {
  const { path, type, next, scope, lines, mayLack = false } = part;
  /** Returns a name for the code of a leaf. An absent array is replaced by an empty one. */
  const nameOf = (param: RegionParam, isArray: boolean): string => {
    const text = isArray && mayLack ? `${path} ?? []` : path;
    const name = scope.declare(param.name, text !== path);
    if (name !== text) lines.push(`const ${name} = ${text};`);
    return name;
  };
  switch (type.kind) {
    case "number":
      nameOf(next(), false);
      return;
    case "boolean":
      nameOf(next(), false);
      return;
    case "array": {
      const param = next();
      const name = nameOf(param, true);
      scope.declareArray(param.name, plainArray(name));
      return;
    }
    case "matrix": {
      const param = next();
      const name = nameOf(param, true);
      const width = scope.fresh(`${param.name}_columns`);
      lines.push(`const ${width} = ${columns(primary(name), path, scope)};`);
      scope.declareArray(param.name, {
        element: ([i, j]) => primary(`${name}[${i!.text}][${j!.text}]`),
        length: (axis) => primary(axis === 0 ? `${name}.length` : width),
      });
      return;
    }
    case "list": {
      if (!mayLack) return takeListApart(part, path, path, type.item);
      const list = scope.fresh("list");
      lines.push(`const ${list} = ${path} ?? [];`);
      return takeListApart(part, list, path.replaceAll("?.[", "[").replaceAll("?.", "."), type.item);
    }
    case "record":
      for (const field of type.fields)
        takeApart({ ...part, path: memberText(path, field.name, mayLack), type: field.type });
      return;
    case "tuple":
      type.items.forEach((item, i) => takeApart({ ...part, path: memberText(path, i, mayLack), type: item }));
      return;
    case "optional": {
      const name = scope.declare(next().name, true);
      lines.push(`const ${name} = ${presenceText(path, type)};`);
      return takeApart({ ...part, type: type.type, mayLack: true });
    }
    default:
      return assertNever(type, "argumentLines");
  }
}

/** Unpacks a list with items of a type. `path` is the list's path for messages. */
function takeListApart(
  { next, scope, lines }: ArgumentPart,
  list: string,
  path: string,
  item: PlainType,
): void {
  for (const leaf of listLeaves(path, item, next)) {
    const { param, reads } = leaf;
    if (isCollected(leaf)) {
      const { data, lengths } = scope.collected.of(
        leaf,
        collectCode(list, leaf, (value) => value, scope.helper),
      );
      const isBoolean = leaf.kind !== "number";
      scope.declareArray(param.name, { ...rowMajor(data, lengths.map(primary)), isBoolean });
      continue;
    }
    scope.declare(param.name);
    let width: string | undefined;
    if (reads.length === 2) {
      width = scope.fresh(`${param.name}_length`);
      lines.push(`const ${width} = ${widthCode(list, leaf, scope.helper)};`);
    }
    scope.declareArray(param.name, directArray(list, leaf, width));
  }
}

function columns(rows: ExprText, path: string, scope: ArgumentScope): string {
  return callCode(scope.helper("columns"), rows, primary(JSON.stringify(path))).text;
}

function plainArray(name: string): ArrayText {
  return {
    element: ([i]) => primary(`${name}[${i!.text}]`),
    length: () => primary(`${name}.length`),
  };
}
