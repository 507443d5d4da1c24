import type { Dim, Expr, SizeExpr, Stmt } from "./scalar.ts";
import { checkDepth, maxDepth } from "./walk.ts";

/**
 * Applies `f` to the direct parts of an expression. Returns the same object if nothing changes. (Without destructuring,
 * whose iterators take as long as everything else until the engine has compiled this code.)
 */
function mapParts(expr: Expr, f: (part: Expr) => Expr): Expr {
  switch (expr.kind) {
    case "const":
    case "local":
      return expr;
    case "load":
    case "table": {
      const index = f(expr.index);
      return index === expr.index ? expr : { ...expr, index };
    }
    case "unary":
    case "convert": {
      const x = f(expr.x);
      return x === expr.x ? expr : { ...expr, x };
    }
    case "binary": {
      const x = f(expr.x);
      const y = f(expr.y);
      return x === expr.x && y === expr.y ? expr : { ...expr, x, y };
    }
    case "mulAdd": {
      const x = f(expr.x);
      const y = f(expr.y);
      const z = f(expr.z);
      return x === expr.x && y === expr.y && z === expr.z ? expr : { ...expr, x, y, z };
    }
    case "select": {
      const condition = f(expr.condition);
      const x = f(expr.x);
      const y = f(expr.y);
      const isSame = condition === expr.condition && x === expr.x && y === expr.y;
      return isSame ? expr : { ...expr, condition, x, y };
    }
    case "call": {
      const args = expr.args.map(f);
      return args.every((arg, i) => arg === expr.args[i]) ? expr : { ...expr, args };
    }
  }
}

/**
 * Copies an expression. Parts for which `replace` returns an expression are replaced by it, outermost first; all other
 * parts are copied recursively.
 */
export function copyExpr(expr: Expr, replace: (part: Expr) => Expr | undefined, depth = 0): Expr {
  if (depth > maxDepth) checkDepth(depth); // tested before the call, as in `walkExpr`
  return replace(expr) ?? mapParts(expr, (part) => copyExpr(part, replace, depth + 1));
}

/**
 * Copies a block and the expressions `results` in its scope. Locals that the block declares get `suffix` appended, and
 * locals in `given` are replaced by the given expressions. Where `replace` returns an expression for a part, a copy of
 * this expression takes its place.
 */
export function copyBlock(
  block: readonly Stmt[],
  results: readonly Expr[],
  suffix: string,
  given: ReadonlyMap<string, Expr>,
  replace: (part: Expr) => Expr | undefined = () => undefined,
): { readonly statements: Stmt[]; readonly results: Expr[] } {
  const own = new Map<string, Expr>(given);
  const declare = (name: string, type: Expr["type"]): string => {
    if (suffix === "" && !own.has(name)) return name; // expressions that read it stay the same objects
    own.set(name, { kind: "local", type, name: name + suffix });
    return name + suffix;
  };
  const look = (part: Expr): Expr | undefined => {
    if (part.kind === "local") return own.get(part.name) ?? replace(part);
    const other = replace(part);
    return other === undefined ? undefined : expr(other);
  };
  const expr = (x: Expr): Expr => copyExpr(x, look);
  const nameOf = (name: string): string => {
    const renamed = own.get(name);
    return renamed?.kind === "local" ? renamed.name : name;
  };
  const size = (x: SizeExpr): SizeExpr => (typeof x === "number" ? x : expr(x));
  const dim = (x: Dim): Dim => ({
    role: x.role,
    size: size(x.size),
    out: size(x.out),
    left: size(x.left),
    right: size(x.right),
  });
  const copy = (stmts: readonly Stmt[], depth: number): Stmt[] => {
    checkDepth(depth);
    return stmts.map((stmt): Stmt => {
      switch (stmt.kind) {
        case "let": {
          const value = expr(stmt.value);
          return { ...stmt, name: declare(stmt.name, value.type), value };
        }
        case "set":
          return { ...stmt, name: nameOf(stmt.name), value: expr(stmt.value) };
        case "store":
          return { ...stmt, index: expr(stmt.index), value: expr(stmt.value) };
        case "for": {
          const [from, to] = [expr(stmt.from), expr(stmt.to)];
          return { ...stmt, from, to, index: declare(stmt.index, "i32"), body: copy(stmt.body, depth + 1) };
        }
        case "while":
          return { ...stmt, condition: expr(stmt.condition), body: copy(stmt.body, depth + 1) };
        case "if":
          return {
            ...stmt,
            condition: expr(stmt.condition),
            then: copy(stmt.then, depth + 1),
            otherwise: copy(stmt.otherwise, depth + 1),
          };
        case "reduce": {
          const [start, from, to] = [expr(stmt.start), expr(stmt.from), expr(stmt.to)];
          const index = declare(stmt.index, "i32");
          const body = copy(stmt.body, depth + 1);
          const value = expr(stmt.value);
          return { ...stmt, start, from, to, index, body, value, name: declare(stmt.name, value.type) };
        }
        case "contract": {
          const place = (x: typeof stmt.out): typeof stmt.out => ({ ...x, offset: expr(x.offset) });
          return {
            ...stmt,
            name: stmt.name + suffix,
            out: place(stmt.out),
            left: place(stmt.left),
            right: place(stmt.right),
            dims: stmt.dims.map(dim),
          };
        }
        case "comment":
          return stmt;
      }
    });
  };
  const statements = copy(block, 0);
  return { statements, results: results.map(expr) };
}
