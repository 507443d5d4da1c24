// The pages of the reference as Markdown, from typedoc's reflections.
import { ReflectionKind } from "typedoc";

/**
 * @typedef {import("typedoc").DeclarationReflection} Declaration
 * @typedef {import("typedoc").SignatureReflection} Signature
 * @typedef {import("./public-names.mjs").NamedModule} NamedModule
 */

/** @param {string} name the name of a module @returns {string} the folder of its pages */
export function slugOf(name) {
  return name === "downhill" ? "downhill" : name.replace("downhill/", "");
}

/** The file of a name's page, without its ending. `Tensor` and `tensor` are one file to some systems. @param {string} name */
export function fileOf(name) {
  return /^[A-Z]/.test(name) ? `${name}-class` : name;
}

/** @param {NamedModule} module @param {readonly Declaration[]} members @returns {string} */
export function moduleIndex({ name, text, groups }, members) {
  const lines = [`# ${name}`, "", text, ""];
  for (const { title, functions } of groups) {
    lines.push(`## ${title}`, "", "| name | what it is or does |", "| --- | --- |");
    for (const { name: one } of functions) {
      const member = members.find((each) => each.name === one);
      const summary = member === undefined ? "" : firstSentence(commentOf(member));
      lines.push(
        `| [\`${one}\`](${fileOf(one)}.md) | ${summary.replaceAll("|", "\\|").replaceAll("\n", " ")} |`,
      );
    }
    lines.push("");
  }
  if (members.some((one) => one.kindOf([ReflectionKind.Interface, ReflectionKind.TypeAlias])))
    lines.push(
      "## Types",
      "",
      "Options stand with the functions that take them; [all types](types.md) are on one page.",
      "",
    );
  return lines.join("\n");
}

/** The page of a function, class, constant or namespace. @param {NamedModule} module @param {Declaration} member @param {readonly Declaration[]} members */
export function pageOf(module, member, members) {
  const lines = [
    `# ${member.name}`,
    "",
    `\`import { ${member.name} } from "${module.name}";\` · [${module.name}](index.md)`,
    "",
  ];
  const signatures = member.signatures ?? [];
  const comment = commentOf(member);
  lines.push(...described(comment));
  if (member.kindOf(ReflectionKind.Class)) lines.push(...classBody(member));
  else if (member.kindOf(ReflectionKind.Namespace)) lines.push(...namespaceBody(member));
  else if (signatures.length > 0) lines.push(...forms(member.name, signatures));
  else lines.push(...code([`const ${member.name}: ${typeText(member.type)}`]));
  lines.push(...optionsOf(signatures, members), ...blocksOf(comment));
  return lines.join("\n");
}

/** The signatures of a function: the shortest, and if there are more than two the others folded. @param {string} name @param {readonly Signature[]} signatures */
function forms(name, signatures) {
  const texts = signatures.map((one) => signatureText(name, one)).sort((a, b) => a.length - b.length);
  if (texts.length <= 2) return code(texts);
  const others = [`<details><summary>${texts.length - 1} other forms, by what they are given</summary>`, ""];
  return [...code(texts.slice(0, 1)), ...others, ...code(texts.slice(1)), "</details>", ""];
}

/** All types of a module, those that are states of something last. @param {NamedModule} module @param {readonly Declaration[]} types */
export function typesPage(module, types) {
  const rank = (/** @type {Declaration} */ { name }) => (/State$|Counts$/.test(name) ? 1 : 0);
  const sorted = [...types].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
  const lines = [
    `# Types of ${module.name}`,
    "",
    `\`import type { … } from "${module.name}";\` · [${module.name}](index.md)`,
    "",
  ];
  for (const type of sorted) {
    lines.push(`## ${type.name}`, "", ...described(commentOf(type)));
    const members = type.children ?? [];
    if (members.length > 0) lines.push(...membersTable(members));
    else lines.push(...code([`type ${type.name}${typeParameters(type)} = ${typeText(type.type)}`]));
    lines.push(...blocksOf(commentOf(type)));
  }
  return lines.join("\n");
}

/** The options that a function takes, each with what it means. @param {readonly Signature[]} signatures @param {readonly Declaration[]} members */
function optionsOf(signatures, members) {
  const names = signatures.flatMap(({ parameters = [] }) =>
    parameters.flatMap(({ type }) => [...(typeText(type).match(/\b[A-Z]\w*/g) ?? [])]),
  );
  const lines = [];
  for (const name of new Set(names)) {
    const type = members.find((one) => one.name === name && one.kindOf(ReflectionKind.Interface));
    if (type?.children === undefined || !/Options?$/.test(name)) continue;
    lines.push(`## ${name}`, "", ...described(commentOf(type)), ...membersTable(type.children));
  }
  return lines;
}

/** @param {readonly Declaration[]} members */
function membersTable(members) {
  const rows = members.map((one) => {
    const signature = one.signatures?.[0];
    const type = signature === undefined ? typeText(one.type) : functionType(signature);
    const name = `${one.name}${one.flags.isOptional ? "?" : ""}`;
    const text = textOf(commentOf(one)?.summary).replaceAll(/\s*\n\s*/g, " ");
    return `| \`${name}\` | ${cell(type)} | ${text.replaceAll("|", "\\|")} |`;
  });
  return ["| name | type | what it means |", "| --- | --- | --- |", ...rows, ""];
}

/** @param {string} type */
const cell = (type) =>
  `\`${type
    .replaceAll(/\s*\n\s*/g, " ")
    .replaceAll("|", "\\|")
    .replaceAll("`", "'")}\``;

/** @param {Declaration} member */
function classBody(member) {
  const shown = (member.children ?? []).filter((one) => !one.name.startsWith("[") && !one.flags.isPrivate);
  const lines = [];
  for (const one of shown) {
    const signatures = one.signatures ?? (one.getSignature === undefined ? [] : [one.getSignature]);
    const name = one.kindOf(ReflectionKind.Constructor) ? `new ${member.name}` : `.${one.name}`;
    const texts =
      signatures.length > 0 && one.getSignature === undefined
        ? signatures.map((each) => signatureText(name, each))
        : [`${name}: ${typeText(one.type ?? one.getSignature?.type)}`];
    lines.push(
      `## ${one.kindOf(ReflectionKind.Constructor) ? "constructor" : one.name}`,
      "",
      ...code(texts),
      ...described(commentOf(one)),
    );
  }
  return lines;
}

/** @param {Declaration} member */
function namespaceBody(member) {
  return (member.children ?? [])
    .filter((one) => !one.kindOf([ReflectionKind.Interface, ReflectionKind.TypeAlias]))
    .flatMap((one) => {
      const signatures = one.signatures ?? [];
      const texts =
        signatures.length > 0
          ? signatures.map((each) => signatureText(`${member.name}.${one.name}`, each))
          : [`${member.name}.${one.name}: ${typeText(one.type)}`];
      return [
        `## ${one.name}`,
        "",
        ...code(texts),
        ...described(commentOf(one)),
        ...blocksOf(commentOf(one)),
      ];
    });
}

/** The comment of a declaration: its own, or that of the first signature that has one. @param {Declaration} member */
function commentOf(member) {
  const signatures = [
    ...(member.signatures ?? []),
    ...(member.getSignature === undefined ? [] : [member.getSignature]),
  ];
  const inType = member.type?.type === "reflection" ? (member.type.declaration.signatures ?? []) : [];
  return member.comment ?? [...signatures, ...inType].find(({ comment }) => comment !== undefined)?.comment;
}

/** @param {import("typedoc").Comment | undefined} comment @returns {string[]} */
function described(comment) {
  const text = textOf(comment?.summary);
  return text === "" ? [] : [text, ""];
}

/** Text of the tags of a comment. @param {import("typedoc").Comment | undefined} comment @returns {string[]} */
function blocksOf(comment) {
  return (comment?.blockTags ?? []).flatMap(({ tag, content }) => {
    const text = textOf(content);
    switch (tag) {
      case "@example":
        return ["**Example**", "", text.startsWith("```") ? text : `\`\`\`ts\n${text}\n\`\`\``, ""];
      case "@throws":
        return [`**Throws** ${text}`, ""];
      case "@returns":
        return [`**Returns** ${text}`, ""];
      case "@see":
        return [`**See** ${text}`, ""];
      default:
        return [];
    }
  });
}

/** @param {readonly import("typedoc").CommentDisplayPart[] | undefined} parts @returns {string} Markdown that Vue does not read as markup */
function textOf(parts = []) {
  const text = parts
    .map((part) => part.text)
    .join("")
    .trim();
  // outside of code, < and {{ would begin a tag or an expression
  return text
    .split(/(```[\s\S]*?```|`[^`]*`)/)
    .map((piece, i) => (i % 2 === 1 ? piece : piece.replaceAll("<", "&lt;").replaceAll("{{", "{&#8203;{")))
    .join("");
}

/** @param {import("typedoc").Comment | undefined} comment */
function firstSentence(comment) {
  const text = textOf(comment?.summary).split("\n\n")[0] ?? "";
  const end = /[.:](?=\s+[A-Z“"`]|\s*$)/.exec(text);
  return end === null ? text : `${text.slice(0, end.index)}.`;
}

/** @param {readonly string[]} texts */
const code = (texts) => ["```ts", ...texts, "```", ""];

/** A signature as a declaration has it, over several lines where it is long. @param {string} name @param {Signature} signature */
function signatureText(name, signature) {
  const [head, parameters, result] = partsOf(name, signature);
  const line = `${head}(${parameters.join(", ")}): ${result}`;
  return line.length <= 100
    ? line
    : `${head}(\n${parameters.map((one) => `  ${one},\n`).join("")}): ${result}`;
}

/** The type of a function. @param {Signature} signature */
function functionType(signature) {
  const [head, parameters, result] = partsOf("", signature);
  return `${head}(${parameters.join(", ")}) => ${result}`;
}

/** @param {string} name @param {Signature} signature @returns {[head: string, parameters: string[], result: string]} */
function partsOf(name, signature) {
  const parameters = (signature.parameters ?? []).map((one) => {
    const isOptional = one.flags.isOptional || one.defaultValue !== undefined;
    return `${one.flags.isRest ? "..." : ""}${one.name}${isOptional ? "?" : ""}: ${typeText(one.type)}`;
  });
  return [`${name}${typeParameters(signature)}`, parameters, typeText(signature.type)];
}

/** @param {{ typeParameters?: readonly import("typedoc").TypeParameterReflection[] }} one */
function typeParameters({ typeParameters: all }) {
  if (all === undefined || all.length === 0) return "";
  return `<${all.map(({ name, type }) => (type === undefined ? name : `${name} extends ${typeText(type)}`)).join(", ")}>`;
}

/** The text of a type. @param {import("typedoc").SomeType | undefined} type @returns {string} */
function typeText(type) {
  if (type === undefined) return "void";
  // all others are as typedoc writes them
  switch (type.type) {
    case "reflection":
      return objectType(type.declaration);
    case "array":
      return `${operand(type.elementType)}[]`;
    case "union":
      return type.types.map((one) => (isFunction(one) ? `(${typeText(one)})` : typeText(one))).join(" | ");
    case "intersection":
      return type.types.map((one) => (isFunction(one) ? `(${typeText(one)})` : typeText(one))).join(" & ");
    case "reference": {
      const given = type.typeArguments ?? [];
      return given.length === 0 ? type.name : `${type.name}<${given.map(typeText).join(", ")}>`;
    }
    case "tuple":
      return `[${type.elements.map(typeText).join(", ")}]`;
    case "namedTupleMember":
      return `${type.name}${type.isOptional ? "?" : ""}: ${typeText(type.element)}`;
    case "typeOperator":
      return `${type.operator} ${typeText(type.target)}`;
    case "rest":
      return `...${operand(type.elementType)}`;
    case "optional":
      return `${operand(type.elementType)}?`;
    default:
      return type.toString();
  }
}

/** @param {import("typedoc").SomeType} type */
const isFunction = (type) => type.type === "reflection" && type.declaration.signatures !== undefined;

/** A type before `[]`, in parentheses if it is not one word. @param {import("typedoc").SomeType} type */
function operand(type) {
  const text = typeText(type);
  return /^[\w.]+(<[\w, .]+>)?(\[\])*$/.test(text) ? text : `(${text})`;
}

/** @param {Declaration} declaration */
function objectType({ signatures = [], children = [], indexSignatures = [] }) {
  if (signatures.length > 0 && children.length === 0) return functionType(signatures[0]);
  const fields = [
    ...children.map((one) => {
      const method = one.signatures?.[0];
      return `${one.name}${one.flags.isOptional ? "?" : ""}: ${method === undefined ? typeText(one.type) : functionType(method)}`;
    }),
    ...indexSignatures.map((one) => {
      const keys = (one.parameters ?? []).map(({ name, type }) => `${name}: ${typeText(type)}`);
      return `[${keys.join(", ")}]: ${typeText(one.type)}`;
    }),
  ];
  return `{ ${fields.join("; ")} }`;
}
