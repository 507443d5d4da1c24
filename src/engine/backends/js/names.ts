/** Gives every name that comes from outside an identifier of its own. */
export interface IdentifierAllocator {
  /** A new identifier that resembles `name` and that nobody else has. */
  readonly take: (name: string) => string;
  readonly has: (identifier: string) => boolean;
}

// Words of the language in strict code, and the outer names that generated code uses.
const reserved =
  /^(?:arguments|await|break|case|catch|class|const|continue|debugger|default|delete|do|else|enum|eval|export|extends|false|finally|for|function|if|implements|import|in|instanceof|interface|let|new|null|package|private|protected|public|return|static|super|switch|this|throw|true|try|typeof|var|void|while|with|yield|Infinity|Math|NaN|undefined|inputs|outputs|temps|tables|spill|doubles|words|floats|powers|bits|highWord|lowWord|fromWords|bitsOf|fromBits|nearest|toInt32|toUint32|part\d*)$/;

/**
 * Makes an empty set of identifiers, all different from those of `outer`.
 *
 * Names may contain anything; nothing but letters of Latin and Greek, digits, `$` and `_` gets through.
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

/** The identifier that resembles `name` most; it is no word of the language and no outer name of generated code. */
export function toIdentifier(name: string): string {
  if (/^[A-Za-z_$][\w$]{0,59}$/.test(name)) return reserved.test(name) ? `${name}_` : name; // nearly all of them
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

/** Text as lines of a `//` comment; no line ends, control or bidirectional characters get through. */
export function commentLines(text: string): string[] {
  return text
    .split(/\r\n|[\n\r\u2028\u2029]/)
    .map((line) => `// ${line.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]/gu, "?")}`.trimEnd());
}
