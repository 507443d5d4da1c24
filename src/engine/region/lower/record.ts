// Compiled regions as JSON data, with everything that calls need except the region.
import type { BinaryOp, Buffer, Expr, Port, Routine, ScalarType, SizeExpr } from "../../kernel/scalar.ts";
import { must } from "../../util/assert-never.ts";
import { positionsInOrder } from "../form/key.ts";
import type { Region, RegionParam } from "../form/region.ts";
import type { LoweredRegion, ResultPort } from "./routine.ts";
import type { ErrorSite } from "./scope.ts";

/** A compiled region, as data that can be stored and loaded again. */
export interface RegionRecord<Code = unknown> {
  /** Build of the library that wrote the record. Other builds ignore it. */
  readonly build: string;
  /** Derivation steps from the base (see `DerivedRegion.steps`). */
  readonly steps: string;
  /** Prefix that the name of the region has in addition to the name of the base. */
  readonly prefix: string;
  /** Parameters. The first ones are those of the base, with its names. */
  readonly params: readonly RegionParam[];
  readonly routine: RoutineRecord;
  readonly code: Code;
}

/**
 * The declarations of a lowered region (sizes, ports, temporaries, results and error sites), as data without
 * statements.
 */
interface RoutineRecord {
  readonly sizes: readonly SizeNode[];
  readonly inputs: readonly PortRecord[];
  readonly outputs: readonly PortRecord[];
  readonly temps: readonly (BufferRecord & { readonly offset: number })[];
  readonly arenaBytes: number;
  readonly results: readonly ResultRecord[];
  readonly capacities: LoweredRegion["capacities"];
  readonly failure: number | undefined;
  /** Possible errors of the region. `at` is the number of a position of the base, counted in order of appearance. */
  readonly sites: readonly ErrorSite[];
}

/**
 * A size as an entry of a list: a number, the name of an input, or an operation on two earlier entries, given by their
 * indices.
 */
type SizeNode = number | string | readonly [op: BinaryOp, x: number, y: number];

interface BufferRecord {
  readonly name: string;
  readonly type: ScalarType;
  readonly size: number;
}

/** A buffer, or the type and name of a scalar. Results have no name. */
type PortRecord =
  BufferRecord | { readonly type: ScalarType; readonly name: string; readonly size?: undefined };

type ResultRecord =
  | (ResultPort & { readonly kind: "scalar" })
  | (Omit<ResultPort & { readonly kind: "array" }, "size" | "dims"> & {
      readonly size: number;
      readonly dims: { readonly sizes: readonly number[] } | { readonly outputs: readonly number[] };
    });

/** Returns the record of a lowered region that was derived from the base. */
export function recordRoutine(
  { routine, results, capacities, failure, sites }: LoweredRegion,
  base: Region,
): RoutineRecord {
  const sizes: SizeNode[] = [];
  const known = new Map<Expr | number | string, number>();
  // each shared size is written once; else records would grow with the square of the number of temporaries
  const put = (size: SizeExpr): number => {
    const key =
      typeof size === "number"
        ? size
        : size.kind === "const"
          ? size.value
          : size.kind === "local"
            ? size.name
            : size;
    const before = known.get(key);
    if (before !== undefined) return before;
    if (typeof size !== "number" && size.kind === "binary") {
      const [x, y] = [put(size.x), put(size.y)];
      sizes.push([size.op, x, y]);
    } else sizes.push(key as number | string);
    known.set(key, sizes.length - 1);
    return sizes.length - 1;
  };
  const buffer = ({ name, type, size }: Buffer): BufferRecord => ({ name, type, size: put(size) });
  return {
    inputs: routine.inputs.map((port) =>
      port.kind === "buffer" ? buffer(port.buffer) : { name: port.name, type: port.type },
    ),
    outputs: routine.outputs.map((port) =>
      port.kind === "buffer" ? buffer(port.buffer) : { name: "", type: port.value.type },
    ),
    temps: routine.temps.map((temp) => ({ ...buffer(temp), offset: put(temp.offset) })),
    arenaBytes: put(routine.arenaBytes),
    results: results.map((port): ResultRecord => {
      if (port.kind === "scalar") return port;
      const dims = "sizes" in port.dims ? { sizes: port.dims.sizes.map(put) } : port.dims;
      return { ...port, size: put(port.size), dims };
    }),
    capacities,
    failure,
    sites: sitesInOrder(sites, base),
    sizes,
  };
}

/** Replaces the positions of error sites by their indices in order of appearance in a region. */
export function sitesInOrder(sites: readonly ErrorSite[], region: Region): readonly ErrorSite[] {
  const order = positionsInOrder(region);
  return sites.map((site) => ({ ...site, at: site.at === undefined ? undefined : order.indexOf(site.at) }));
}

/**
 * Returns the lowered region of a record, without statements. `at` of its error sites is an index into the positions of
 * the base in order of appearance.
 */
export function readRoutine(record: RoutineRecord, name: string): LoweredRegion {
  const sizes: SizeExpr[] = [];
  const exprAt = (k: number): Expr => {
    const size = must(sizes[k], "a size");
    return typeof size === "number" ? { kind: "const", type: "i32", value: size } : size;
  };
  for (const node of record.sizes) {
    if (typeof node === "number") sizes.push(node);
    else if (typeof node === "string") sizes.push({ kind: "local", type: "i32", name: node });
    else sizes.push({ kind: "binary", type: "i32", op: node[0], x: exprAt(node[1]), y: exprAt(node[2]) });
  }
  const sizeAt = (k: number): SizeExpr => must(sizes[k], "a size");
  const inputs = record.inputs.map((port): Port =>
    port.size === undefined
      ? { kind: "scalar", ...port }
      : { kind: "buffer", buffer: { ...port, size: sizeAt(port.size) } },
  );
  const outputs = record.outputs.map((port): Routine["outputs"][number] =>
    port.size === undefined
      ? { kind: "scalar", value: { kind: "const", type: port.type, value: 0 } }
      : { kind: "buffer", buffer: { ...port, size: sizeAt(port.size) } },
  );
  const { arenaBytes, capacities, failure, sites } = record;
  return {
    routine: {
      name,
      inputs,
      outputs,
      temps: record.temps.map((temp) => ({ ...temp, size: sizeAt(temp.size), offset: sizeAt(temp.offset) })),
      arenaBytes: sizeAt(arenaBytes),
      body: [],
    },
    results: record.results.map((port): ResultPort => {
      if (port.kind === "scalar") return port;
      const dims = "sizes" in port.dims ? { sizes: port.dims.sizes.map(sizeAt) } : port.dims;
      return { ...port, size: sizeAt(port.size), dims };
    }),
    capacities,
    failure,
    sites,
  };
}
