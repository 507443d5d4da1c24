import type { FunctionBody, Callable, Label } from "../body.ts";
import type { FunctionBuilder } from "../module.ts";
import { makeModule } from "../module.ts";
import type { OpcodeName, ValueType } from "../opcodes.ts";
import { opcode } from "../opcodes.ts";

/** Assembles the output of `moduleText`, in the order in which it prints the sections. */
export function assemble(text: string): Uint8Array {
  const lines = text.split("\n").map((line) => line.trim());
  const module = makeModule(/^\(module \$(.*)$/.exec(lines[0] ?? "")?.[1]);
  const callables = new Map<string, Callable>();
  const functions: FunctionBuilder[] = [];
  for (const line of lines) {
    const words = line.split(" ");
    if (line.startsWith("(import ")) {
      const [, from = "", name = ""] = /"(.*?)" "(.*?)"/.exec(line) ?? [];
      const memory = /\(memory (\d+)(?: (\d+))?( shared)?\)/.exec(line);
      if (memory)
        module.importMemory(from, name, {
          initial: Number(memory[1]),
          maximum: Number(memory[2]),
          shared: memory[3] !== undefined,
        });
      else {
        const { params, results } = signatureOf(line);
        callables.set(
          /func (\S+?)[ )]/.exec(line)?.[1] ?? "",
          module.importFunction(from, name, params, results),
        );
      }
    } else if (line.startsWith("(func ")) {
      const name = (words[1] ?? "").slice(1);
      const builder = module.function(name, { ...signatureOf(line), exported: line.includes("(export") });
      functions.push(builder);
      callables.set(words[1] ?? "", builder);
    } else if (line.startsWith("(global ")) {
      const [, name = "", value] = /export "(.*?)".*const (\S+?)\)/.exec(line) ?? [];
      module.global(name, Number(value));
    }
  }
  let current = -1;
  let locals = new Map<string, number>();
  let labels = new Map<string, Label>();
  for (const line of lines) {
    if (line.startsWith("(func ")) {
      current++;
      locals = new Map(Array.from(line.matchAll(/\(param (\$\S+) /g), ([, name = ""], i) => [name, i]));
      labels = new Map();
      const count = signatureOf(line).params.length;
      if (locals.size === 0) for (let i = 0; i < count; i++) locals.set(`$${i}`, i);
      continue;
    }
    const body = functions[current]?.body;
    if (!body || line === "" || line.startsWith(")")) continue;
    const declared = Array.from(line.matchAll(/\(local (\S+) (\w+)\)/g));
    for (const [, name = "", type] of declared) locals.set(name, body.local(type as ValueType));
    if (declared.length === 0) for (const part of unfolded(line)) instruction(body, part, locals, labels, callables);
  }
  return module.finish();
}

/** Instructions of a folded line, operands first. */
function unfolded(line: string): string[] {
  if (!line.startsWith("(")) return [line];
  const before: string[] = [];
  let head = "";
  let rest = line.slice(1, -1);
  for (;;) {
    const at = rest.search(/ \((?!result |param )/);
    if (at < 0) return [...before, head + rest];
    head += rest.slice(0, at);
    rest = rest.slice(at + 1);
    let depth = 0;
    const end = [...rest].findIndex((c) => (depth += c === "(" ? 1 : c === ")" ? -1 : 0) === 0) + 1;
    before.push(...unfolded(rest.slice(0, end)));
    rest = rest.slice(end);
  }
}

function signatureOf(line: string): { params: ValueType[]; results: ValueType[] } {
  const types = (pattern: RegExp): ValueType[] => Array.from(line.matchAll(pattern), (match) => match[1] as ValueType); // prettier-ignore
  return { params: types(/\(param (?:\$\S+ )?(\w+)\)/g), results: types(/\(result (\w+)\)/g) };
}

function number(text: string): number {
  return Number(text.replace("inf", "Infinity").replace("nan", "NaN"));
}

function instruction(
  body: FunctionBody,
  line: string,
  locals: ReadonlyMap<string, number>,
  labels: Map<string, Label>,
  callables: ReadonlyMap<string, Callable>,
): void {
  const [word = "", ...rest] = line.split(" ");
  const [first = ""] = rest;
  const { results } = signatureOf(line);
  if (word === "select" && results[0]) return body.select(results[0]);
  const row = opcode(word as OpcodeName);
  const label = (name: string): Label => labels.get(name) ?? { depth: -1 };
  const offset = Number(/offset=(\d+)/.exec(line)?.[1] ?? 0);
  switch (row.immediate) {
    case "block":
      labels.set(first, body[word as "block" | "loop" | "if"](results[0]));
      return undefined;
    case "label":
      return word === "br" ? body.br(label(first)) : body.brIf(label(first));
    case "function":
      return body.call(callables.get(first) ?? { index: -1 });
    case "local": {
      const methods = { "local.get": "localGet", "local.set": "localSet", "local.tee": "localTee" } as const;
      return body[methods[word as keyof typeof methods]](locals.get(first) ?? -1);
    }
    case "global":
      return word === "global.get" ? body.globalGet(Number(first)) : body.globalSet(Number(first));
    case "memory":
      return body.memory(row.name, offset);
    case "memoryLane":
      return body.memoryLane(row.name, Number(rest.at(-1)), offset);
    case "lane":
      return body.lane(row.name, Number(first));
    case "i32":
      return body.i32Const(Number(first));
    case "i64":
      return body.i64Const(BigInt(first));
    case "f32":
      return body.f32Const(number(first));
    case "f64":
      return body.f64Const(number(first));
    case "v128": {
      const values = rest.slice(1).map(number);
      const arrays = { f32x4: Float32Array, f64x2: Float64Array, i32x4: Uint32Array };
      return body.v128Const(new Uint8Array(new arrays[first as keyof typeof arrays](values).buffer));
    }
    case "lanes":
      return body.shuffle(rest.map(Number));
    default:
      return word === "end" ? body.end() : word === "else" ? body.else() : body.op(row.name);
  }
}
