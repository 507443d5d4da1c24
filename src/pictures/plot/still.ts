import { element, type Markup, writeMarkup } from "./markup.ts";
import { declarationsFor, type Declarations, parseStyleSheet, type StyleSheet } from "./style-sheet.ts";

/** Moment and colours of a still picture. */
export interface StillOptions {
  /** Colours for light or dark backgrounds. */
  readonly scheme: "light" | "dark";
  /** Seconds since the animation began. Without it, the picture is the one for readers who prefer reduced motion. */
  readonly time?: number;
}

/** A picture with a style sheet, from which stills are drawn. */
export interface StyledPicture {
  /** Duration in seconds of the longest animation; 0 if nothing moves. */
  readonly duration: number;
  /** Width in pixels. */
  readonly width: number;
  /** Returns SVG without a style sheet: each element has its style as attributes. */
  readonly still: (options: StillOptions) => string;
}

/**
 * Prepares one of our pictures for programs that know neither custom properties nor `light-dark()` nor keyframes:
 * rasterisers.
 */
export function styledPicture(root: Markup): StyledPicture {
  const css = root.children
    .flatMap((child) => (typeof child === "object" && child.tag === "style" ? child.children : []))
    .filter((child) => typeof child === "string")
    .join("\n");
  const [moving, resting] = [parseStyleSheet(css, true), parseStyleSheet(css, false)];
  const durations = moving.rules.flatMap(({ declarations }) =>
    declarations.flatMap(([name, value]) => (name === "animation" ? [animationOf(value).seconds] : [])),
  );
  return {
    duration: Math.max(0, ...durations),
    width: Number(root.attributes["width"]),
    still: ({ scheme, time }) => {
      const sheet = time === undefined ? resting : moving;
      return writeMarkup(styled(root, { sheet, scheme, time }, [], new Map()));
    },
  };
}

const frameDelay = 120; // milliseconds

/** A frame of an animation. */
export interface PictureFrame {
  /** The still as SVG. */
  readonly svg: string;
  /** Duration in milliseconds. */
  readonly delay: number;
}

/**
 * Returns the frames of an animated picture with its colours for light backgrounds. Equal stills in a row are one frame. A picture
 * without animations has one frame.
 */
export function framesOf(picture: Markup): PictureFrame[] {
  const { duration, still } = styledPicture(picture);
  const frames: { svg: string; delay: number }[] = [];
  const end = Math.max(1000 * duration, frameDelay);
  for (let now = 0; now < end; now += frameDelay) {
    const svg = still({ scheme: "light", time: now / 1000 });
    const delay = Math.min(frameDelay, end - now);
    const last = frames.at(-1);
    if (last?.svg === svg) last.delay += delay;
    else frames.push({ svg, delay });
  }
  return frames;
}

interface StillContext {
  readonly sheet: StyleSheet;
  readonly scheme: "light" | "dark";
  readonly time: number | undefined;
}

/** Elements that draw nothing. */
const silent: ReadonlySet<string> = new Set(["style", "title", "desc"]);

function styled(
  one: Markup,
  context: StillContext,
  ancestors: readonly Markup[],
  inherited: ReadonlyMap<string, string>,
): Markup {
  const declared = new Map(declarationsFor(context.sheet, one, ancestors));
  const properties = new Map(inherited);
  for (const [name, value] of declared) if (name.startsWith("--")) properties.set(name, value);
  const animation = declared.get("animation");
  if (animation !== undefined)
    for (const [name, value] of animated(animation, context)) declared.set(name, value);
  const style = [...declared].flatMap(([name, value]) => {
    if (name.startsWith("--") || unused.has(name)) return [];
    return [attributeFor(name, resolve(value, properties, context.scheme))];
  });
  const attributes = Object.entries(one.attributes).filter(([name]) => name !== "class");
  const path = [...ancestors, one];
  return element(
    one.tag,
    Object.fromEntries([...attributes, ...style]),
    ...one.children
      .filter((child) => typeof child === "string" || !silent.has(child.tag))
      .map((child) => (typeof child === "string" ? child : styled(child, context, path, properties))),
  );
}

/** Writes a declaration as an attribute of SVG 1.1. */
function attributeFor(name: string, value: string): readonly [name: string, value: string] {
  switch (name) {
    case "transform":
      return [name, value.replaceAll("px", "").replaceAll("translateX(", "translate(")];
    case "white-space":
      return ["xml:space", "preserve"];
    case "font-family":
      return [name, value.replace(/(?:sans-)?serif$/, (generic) => `${commonFonts[generic]!},${generic}`)];
    default:
      return [name, value];
  }
}

/** Fonts of Linux systems. Rasterisers do not ask the system which font a generic name stands for. */
const commonFonts: Readonly<Record<string, string>> = {
  "sans-serif": "Noto Sans,DejaVu Sans,Liberation Sans,FreeSans",
  serif: "Noto Serif,DejaVu Serif,FreeSerif",
};

/** Properties of pages, which pictures do not need. */
const unused: ReadonlySet<string> = new Set(["animation", "background", "color-scheme"]);

/** Replaces custom properties by their values, and chooses the colours. */
function resolve(
  value: string,
  properties: ReadonlyMap<string, string>,
  scheme: StillContext["scheme"],
): string {
  const plain = value.replaceAll(/var\((--[\w-]+)\)/g, (_, name: string) => {
    const found = properties.get(name);
    if (found === undefined) throw new Error(`internal: a picture uses ${name}, which has no value`);
    return resolve(found, properties, scheme);
  });
  return plain.replaceAll(/light-dark\(([^,()]+),([^,()]+)\)/g, scheme === "light" ? "$1" : "$2");
}

interface StyleAnimation {
  readonly name: string;
  readonly seconds: number;
  readonly isStepped: boolean;
}

function animationOf(text: string): StyleAnimation {
  const found = /^([\w-]+) ([\d.]+)s (linear|step-end) infinite$/.exec(text);
  if (found === null)
    throw new Error(`internal: a picture has an animation that only browsers understand: ${text}`);
  return { name: found[1]!, seconds: Number(found[2]), isStepped: found[3] === "step-end" };
}

/** Returns the declarations of an animation at the time of the still. */
function animated(text: string, { sheet, time = 0 }: StillContext): Declarations {
  const { name, seconds, isStepped } = animationOf(text);
  const frames = sheet.keyframes.get(name);
  if (frames === undefined) throw new Error(`internal: a picture has no keyframes ${name}`);
  const at = (time % seconds) / seconds;
  const properties = new Set(
    frames.flatMap(({ declarations }) => declarations.map(([property]) => property)),
  );
  return [...properties].flatMap((property) => {
    const values = frames.flatMap(({ at: when, declarations }) =>
      declarations.filter(([other]) => other === property).map(([, value]) => ({ at: when, value })),
    );
    const before = values.findLast((value) => value.at <= at);
    const after = values.find((value) => value.at > at);
    if (before === undefined && after === undefined) return [];
    if (before === undefined || after === undefined || isStepped)
      return [[property, (before ?? after)!.value] as const];
    return [
      [property, between(before.value, after.value, (at - before.at) / (after.at - before.at))] as const,
    ];
  });
}

/** Interpolates the numbers of two values. */
function between(from: string, to: string, fraction: number): string {
  const number = /-?\d+(?:\.\d+)?/g;
  const ends = to.match(number) ?? [];
  let i = 0;
  return from.replaceAll(number, (start) => {
    const end = ends[i++];
    if (end === undefined) return start;
    return String(Number((Number(start) + fraction * (Number(end) - Number(start))).toFixed(3)));
  });
}
