/** Functions of the library that programs of figures call, by module. All others are those of `downhill/optim`. */
const modules: readonly (readonly [module: string, names: readonly string[]])[] = [
  ["downhill", ["stack", "tensor", "vmap"]],
  ["downhill/data", ["dataset", "digits", "stratifiedSplit"]],
  [
    "downhill/landscapes",
    ["defineLandscape", "findLandscape", "landscape", "landscapeSvg", "landscapeText", "race"],
  ],
  ["downhill/nn", ["accuracy", "meanSquaredError", "mlp", "softmaxCrossEntropy"]],
  ["downhill/plain", ["compile"]],
  ["downhill/random", ["foldIn", "key"]],
  ["downhill/train", ["fit", "lrRangeTest"]],
];

/**
 * Writes the import declarations for the functions of the library that code calls.
 *
 * @param isOptim returns true for the functions of `downhill/optim`
 */
export function importsFor(code: string, isOptim: (name: string) => boolean): string {
  const bare = code.replaceAll(/`(?:[^`\\]|\\.)*`|"(?:[^"\\]|\\.)*"/gs, '""'); // texts are no calls
  const called = [...new Set(bare.match(/(?<![.\w$])[a-z]\w*(?=[(<])/gi) ?? [])].toSorted();
  const known = new Set(modules.flatMap(([, names]) => names));
  const all = [
    ...modules.map(([module, names]) => [module, called.filter((name) => names.includes(name))] as const),
    ["downhill/optim", called.filter((name) => !known.has(name) && isOptim(name))] as const,
  ];
  return all
    .filter(([, names]) => names.length > 0)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([module, names]) => `import { ${names.join(", ")} } from ${JSON.stringify(module)};`)
    .join("\n");
}
