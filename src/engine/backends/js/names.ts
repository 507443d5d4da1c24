/** Allocates a unique identifier for every external name. */
export interface IdentifierAllocator {
  /** Returns a new, unique identifier that resembles `name`. */
  readonly take: (name: string) => string;
  readonly has: (identifier: string) => boolean;
}

// Reserved words of strict code, and the outer names that generated code uses.
const reserved =
  /^(?:arguments|await|break|case|catch|class|const|continue|debugger|default|delete|do|else|enum|eval|export|extends|false|finally|for|function|if|implements|import|in|instanceof|interface|let|new|null|package|private|protected|public|return|static|super|switch|this|throw|true|try|typeof|var|void|while|with|yield|Infinity|Math|NaN|undefined|inputs|outputs|temps|tables|spill|doubles|words|floats|powers|bits|highWord|lowWord|fromWords|bitsOf|fromBits|nearest|toInt32|toUint32|part\d*)$/;

/**
 * Creates an empty set of identifiers, all different from those of `outer`. Names may contain anything; only Latin and
 * Greek letters, digits, `$` and `_` are kept.
 */
export function makeNames(outer?: IdentifierAllocator): IdentifierAllocator {
  const taken = new Set<string>();
  const nextSuffix = new Map<string, number>();
  const has = (identifier: string): boolean => taken.has(identifier) || (outer?.has(identifier) ?? false);
  return {
    has,
    take(name) {
      const base = toIdentifier(name);
      let identifier = base;
      if (has(base)) {
        let suffix = nextSuffix.get(base) ?? 1;
        while (has(`${base}_${suffix}`)) suffix++;
        nextSuffix.set(base, suffix + 1);
        identifier = `${base}_${suffix}`;
      }
      taken.add(identifier);
      return identifier;
    },
  };
}

/** Converts a name to a similar identifier that is neither a reserved word nor an outer name of generated code. */
export function toIdentifier(name: string): string {
  if (/^[A-Za-z_$][\w$]{0,59}$/.test(name)) return reserved.test(name) ? `${name}_` : name; // almost all names
  let out = "";
  for (const character of name.slice(0, 60)) {
    if (/[\w$]/.test(character)) out += character;
    else if (/\p{ID_Continue}/u.test(character) && /[\p{Script=Latin}\p{Script=Greek}]/u.test(character)) {
      out += character;
    } else out += "_";
  }
  if (!/^[\p{ID_Start}$_]/u.test(out)) out = `_${out}`;
  return reserved.test(out) ? `${out}_` : out;
}

/**
 * Formats text as lines of a `//` comment, one per line of the text. Replaces control and bidirectional characters by
 * `?`.
 */
export function commentLines(text: string): string[] {
  return text
    .split(/\r\n|[\n\r\u2028\u2029]/)
    .map((line) => `// ${line.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]/gu, "?")}`.trimEnd());
}
