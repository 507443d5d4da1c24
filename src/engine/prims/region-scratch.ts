// Memory that a region needs in a program in addition to its own arrays, for loops in strips and for products. Programs declare their
// memory before anything is written. It is therefore found by writing the region once.
import { internalError } from "../errors/index.ts";
import type { Scratch } from "../ir/primitive.ts";
import type { ArrayType, DType } from "../ir/types.ts";
import { arrayType } from "../ir/types.ts";
import * as k from "../kernel/build.ts";
import { makeFailures } from "../kernel/failure.ts";
import { makeNames } from "../kernel/fresh-names.ts";
import type { Buffer, ScalarType, SizeExpr } from "../kernel/scalar.ts";
import { constantSize, sameSize } from "../kernel/sizes.ts";
import type { LowerOptions } from "../region/lower/options.ts";
import { writeRegion } from "../region/lower/region.ts";
import type { ArrayMemory, ArrayPlace, LoweringHost, ScratchUse, ErrorSite } from "../region/lower/scope.ts";
import type { Region } from "../region/form/region.ts";
import { must } from "../util/assert-never.ts";
import { dtypes, plansFor } from "./region-shapes.ts";
import { scalarFunctions } from "./scalar-functions.ts";

/** Cached scratch arrays of a region, by the types of the operands and the lowering options. */
const found = /* @__PURE__ */ new WeakMap<Region, Map<string, readonly ExtraScratch[]>>();

/** Maximum number of cached entries per region. */
const mostForms = 64;

/** A scratch array that loop passes request while a region is lowered, with its size; `name` is its purpose. */
interface ExtraScratch extends Scratch {
  readonly name: ScratchUse;
}

/**
 * Determines the scratch arrays that a region needs for loops in strips and for products, with operands of these types.
 */
export function extraScratch(
  region: Region,
  ins: readonly ArrayType[],
  lowering: LowerOptions = {},
): readonly ExtraScratch[] {
  const key = `${ins.map(({ shape }) => shape.join("x")).join()} ${JSON.stringify(lowering)}`;
  let forms = found.get(region);
  if (forms === undefined) found.set(region, (forms = new Map<string, readonly ExtraScratch[]>()));
  let scratch = forms.get(key);
  if (scratch === undefined) {
    if (forms.size >= mostForms) forms.clear();
    forms.set(key, (scratch = writtenOnce(region, ins, lowering)));
  }
  return scratch;
}

function writtenOnce(
  region: Region,
  ins: readonly ArrayType[],
  lowering: LowerOptions,
): readonly ExtraScratch[] {
  const fresh = makeNames();
  const scalars = new Map<string, ReturnType<typeof k.local>>();
  const arrays = new Map<string, ArrayPlace>();
  region.params.forEach(({ kind, name, type }, i) => {
    if (kind === "scalar") scalars.set(name, k.local(type, fresh(name)));
    else {
      const dims = ins[i]!.shape.map((n) => k.i32(n));
      arrays.set(name, { type, buffer: fresh(name), offset: k.i32(0), dims });
    }
  });
  const memory = new Map<string, ArrayMemory>();
  const alone = new Map<string, SizeExpr>();
  for (const [name, { size, group }] of plansFor(region, ins)) {
    const buffer = fresh(name);
    const isShared = group.length > 1;
    const capacity = size === undefined ? k.local("i32", fresh(`${name}.capacity`)) : undefined;
    const offset = isShared ? k.local("i32", fresh(`${name}.at`)) : k.i32(0);
    memory.set(name, {
      buffer: isShared ? must(memory.get(group[0]!)?.buffer ?? buffer, "a buffer") : buffer,
      offset,
      capacity,
    });
    if (!isShared && size !== undefined) alone.set(buffer, size);
  }
  const scratch = collectScratch(alone, true);
  const block = k.makeBlock();
  writeRegion(
    region,
    scalarFunctions,
    {
      block,
      failure: makeFailures<ErrorSite>(fresh).locals,
      fresh,
      scalars,
      arrays,
      memoryOf: (name) => must(memory.get(name), `the memory of "${name}"`),
      scratch,
    },
    { ...lowering, outOf: () => undefined, dimsOf: [] },
  );
  return scratch.made.map(({ buffer: { type, size }, use }) => ({
    name: use,
    type: arrayType(dtypeOf(type), [must(constantSize(size), "a size")]),
  }));
}

/** A buffer that a loop pass has requested, and the purpose of the request. */
interface ScratchBuffer {
  readonly buffer: Buffer;
  readonly use: ScratchUse;
}

/** `LoweringHost.scratch` for regions that are part of a program: collects the buffers that loop passes request. */
interface ScratchCollector extends NonNullable<LoweringHost["scratch"]> {
  /** Requested buffers in order. All sizes are numbers. */
  readonly made: readonly ScratchBuffer[];
  /** True if the requested buffers equal the scratch arrays that the program declared. */
  isGranted(): boolean;
}

/**
 * Creates a collector of the buffers that are requested while a region is lowered. `alone` contains the sizes of
 * buffers that hold a single array. Without `declared`, all requests are granted.
 */
export function collectScratch(
  alone: ReadonlyMap<string, SizeExpr>,
  holdsProducts: boolean,
  declared?: readonly Scratch[],
): ScratchCollector {
  const made: ScratchBuffer[] = [];
  return {
    made,
    isFixed: true,
    holdsProducts,
    add: (buffer, use) => void made.push({ buffer, use }),
    sizeOf: (buffer) => alone.get(buffer),
    isGranted: () => declared === undefined || areDeclared(made, declared),
  };
}

function areDeclared(made: readonly ScratchBuffer[], declared: readonly Scratch[]): boolean {
  return (
    made.length === declared.length &&
    made.every(({ buffer: { type, size } }, i) => {
      const { dtype, shape } = declared[i]!.type;
      return dtypeOf(type) === dtype && sameSize(size, shape[0]!);
    })
  );
}

function dtypeOf(type: ScalarType): DType {
  if (type === "u32") throw internalError("an array of a region is of uint32");
  return dtypes[type];
}
