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
  const texts = derivations.map((derivation) => {
    const { name, region } = derivation;
    const lowered = lowerRegion(region, scalarFunctions);
    const code = wasm.add(lowered.routine, [
      `capacities: [${lowered.capacities.map(() => firstCapacity).join(", ")}]`,
      ...(lowered.failure === undefined
        ? []
        : [`failureAt: ${lowered.failure}`, `sites: [\n${siteLines(lowered, region).join("\n")}\n  ]`]),
    ]);
    return `const ${name}Code = ${code};\n\n${functionText(derivation, lowered, helpers)}`;
  });
  return [wasm.prelude(), ...[...helpers].map((name) => `${helperSources[name]}\n`), ...texts];
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

function functionText(derivation: Derivation, lowered: LoweredRegion, helpers: Set<ModuleHelper>): string {
  const { name, doc, params, result, region } = derivation;
  const helper = (wanted: ModuleHelper): string => {
    helpers.add(wanted);
    return wanted;
  };
  let next = 0;
  const takeParam = (): RegionParam => must(region.params[next++], "a parameter of the region");
  const taken = new Set(["inputs", "outputs", name, ...params.map((param) => param.name)]);
  const fresh = (hint: string): string => {
    const base = hint.replace(/[^\w$]/g, "_");
    let candidate = base;
    for (let n = 2; taken.has(candidate); n++) candidate = `${base}_${n}`;
    taken.add(candidate);
    return candidate;
  };
  const collected = collectedLeaves(fresh, fresh);
  const leaves = params.flatMap((param) => leafTexts(param.name, param.type, takeParam, helper, collected));
  const [inputs, outputs] = [free("inputs", params), free("outputs", params)];
  let at = 0;
  const takeResult = (): ResultText =>
    resultOf(must(lowered.results[at++], "a result of the region"), outputs, inputs, lowered);
  const text = resultText(result, takeResult, { helper, fresh }, derivation.template);
  return [
    `/** ${doc} */`,
    `export function ${name}(${params.map((param) => param.name).join(", ")}) {`,
    ...collected.lines.map((line) => `  ${line}`),
    ...lengthChecks(region, leaves, helper).map((line) => `  ${line}`),
    `  const ${inputs} = [`,
    ...leaves.map((leaf) => `    ${leaf.text},`),
    ...leaves.flatMap((leaf) => leaf.lengths.map((length) => `    ${length},`)),
    "  ];",
    `  const ${outputs} = call(${name}Code, ${inputs});`,
    `  return ${text};`,
    "}",
    "",
  ].join("\n");
}

/** Returns a name that no parameter has, by appending underscores. */
function free(name: string, params: readonly { readonly name: string }[]): string {
  return params.some((param) => param.name === name) ? free(`${name}_`, params) : name;
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
