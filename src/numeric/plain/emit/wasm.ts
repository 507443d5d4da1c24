import { primary } from "../../../engine/kernel/code.ts";
import { scalarFunctions } from "../../../engine/prims/scalar-functions.ts";
import type { LoweredRegion, ResultPort } from "../../../engine/region/index.ts";
import { lowerRegion } from "../../../engine/region/index.ts";
import type { Region, RegionParam } from "../../../engine/region/form/region.ts";
import { must } from "../../../engine/util/assert-never.ts";
import type { Derivation } from "./derive.ts";
import type { ModuleHelper } from "./helpers.ts";
import { helperSources } from "./helpers.ts";
import { leafTexts, lengthChecks } from "./leaves.ts";
import { collectedLeaves } from "./list-leaves.ts";
import type { OwnNames } from "./own-names.ts";
import { exportedFunction, ownNames } from "./own-names.ts";
import type { ResultText } from "./results.ts";
import { resultText } from "./results.ts";
import { sizeText } from "./size.ts";
import { rowMajor } from "./statement.ts";
import { wasmText } from "./wasm-glue.ts";

/** Initial capacity in elements of arrays whose length is known only at run time. */
const firstCapacity = 256;

/** Generates the code of functions whose derivatives are WebAssembly. */
export function wasmFunctions(derivations: readonly Derivation[]): string[] {
  const wasm = wasmText();
  const helpers = new Set<ModuleHelper>(["call"]);
  const declared = [...Object.keys(helperSources), ...derivations.map(({ name }) => `${name}Code`)];
  const source = derivations.flatMap(({ name, params }) => [name, ...params.map((param) => param.name)]);
  const own = ownNames(new Set(source), declared);
  const texts = derivations.map((derivation) => {
    const { name, region } = derivation;
    const lowered = lowerRegion(region, scalarFunctions);
    const code = wasm.add(lowered.routine, [
      `capacities: [${lowered.capacities.map(() => firstCapacity).join(", ")}]`,
      ...(lowered.failure === undefined
        ? []
        : [`failureAt: ${lowered.failure}`, `sites: [\n${siteLines(lowered, region).join("\n")}\n  ]`]),
    ]);
    return [`const ${name}Code = ${code};\n`, functionText(derivation, lowered, helpers, own)] as const;
  });
  const codes = texts.map(([code]) => code);
  const outer = [wasm.prelude(), ...[...helpers].map((name) => `${helperSources[name]}\n`)];
  const renamed = own.rename([...outer, ...codes]);
  return [
    ...renamed.slice(0, outer.length),
    ...texts.flatMap(([, text], i) => [renamed[outer.length + i]!, text]),
  ];
}

function siteLines({ sites, capacities }: LoweredRegion, region: Region): string[] {
  return sites.map(({ kind, at, array, message, more: values, error }) => {
    const capacity = capacities.findIndex(({ arrays }) => arrays.includes(array ?? ""));
    const position = at === undefined ? undefined : region.positions[at];
    const where =
      message ??
      (position === undefined
        ? region.name
        : `${region.file ?? region.name}:${position.line}:${position.column}: ${position.text}`);
    let more = kind === "capacity" ? `, capacity: ${capacity}` : "";
    if (values !== undefined) more += `, more: ${JSON.stringify(values)}`;
    if (error !== undefined) more += `, error: ${JSON.stringify(error)}`;
    return `    { kind: "${kind}", where: ${JSON.stringify(where)}${more} },`;
  });
}

function functionText(
  derivation: Derivation,
  lowered: LoweredRegion,
  helpers: Set<ModuleHelper>,
  own: OwnNames,
): string {
  const { name, doc, result, region } = derivation;
  const helper = (wanted: ModuleHelper): string => {
    helpers.add(wanted);
    return own.of(wanted);
  };
  let next = 0;
  const takeParam = (): RegionParam => must(region.params[next++], "a parameter of the region");
  const params = derivation.params.map((param) => param.name);
  const taken = new Set([name, ...params]);
  const fresh = (hint: string): string => own.fresh(hint, taken);
  const [inputs, outputs] = [fresh("inputs"), fresh("outputs")];
  const collected = collectedLeaves(fresh, fresh);
  const leaves = derivation.params.flatMap((param) =>
    leafTexts(param.name, param.type, takeParam, helper, collected),
  );
  let at = 0;
  const takeResult = (): ResultText =>
    resultOf(must(lowered.results[at++], "a result of the region"), outputs, inputs, lowered);
  const text = resultText(result, takeResult, { helper, fresh }, derivation.template);
  return exportedFunction({ name, doc, params }, [
    ...collected.lines.map((line) => `  ${line}`),
    ...lengthChecks(region, leaves, helper).map((line) => `  ${line}`),
    `  const ${inputs} = [`,
    ...leaves.map((leaf) => `    ${leaf.text},`),
    ...leaves.flatMap((leaf) => leaf.lengths.map((length) => `    ${length},`)),
    "  ];",
    `  const ${outputs} = ${helper("call")}(${own.of(`${name}Code`)}, ${inputs});`,
    `  return ${text};`,
  ]);
}

function resultOf(port: ResultPort, outputs: string, inputs: string, { routine }: LoweredRegion): ResultText {
  const text = `${outputs}[${port.output}]`;
  if (port.kind === "scalar") return { kind: "scalar", text: port.type === "bool" ? `${text} !== 0` : text };
  const lengths =
    "sizes" in port.dims
      ? port.dims.sizes.map((size) => sizeText(size, routine).replaceAll("inputs[", `${inputs}[`))
      : port.dims.outputs.map((place) => `${outputs}[${place}]`);
  const name = "sizes" in port.dims ? text : `${text}.slice(0, ${lengths.join(" * ")})`;
  return { kind: "array", name, text: rowMajor(name, lengths.map(primaryOf)) };
}

/** Code of a length as an operand of any operator, parenthesised if necessary. */
function primaryOf(text: string): ReturnType<typeof primary> {
  return primary(/^[\w[\].]+$/.test(text) ? text : `(${text})`);
}
