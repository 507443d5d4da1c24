// The subset of ESTree with TypeScript nodes that the front end reads. Parsers return more kinds of nodes; code that
// switches on `type` refuses the others by name.

/** Syntax node. Offsets count UTF-16 units of the text. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

export interface Identifier extends Node {
  readonly type: "Identifier";
  readonly name: string;
  readonly typeAnnotation?: TypeAnnotation | null;
  readonly optional?: boolean;
}

export interface Literal extends Node {
  readonly type: "Literal";
  readonly value: unknown;
  readonly raw?: string | null;
}

export interface TemplateLiteral extends Node {
  readonly type: "TemplateLiteral";
  readonly quasis: readonly (Node & { readonly value: { readonly cooked?: string | null } })[];
  readonly expressions: readonly Expression[];
}

export interface ArrayExpression extends Node {
  readonly type: "ArrayExpression";
  readonly elements: readonly (Expression | SpreadElement | null)[];
}

export interface SpreadElement extends Node {
  readonly type: "SpreadElement";
  readonly argument: Expression;
}

export interface Property extends Node {
  readonly type: "Property";
  readonly key: Expression;
  readonly value: Expression | Pattern;
  readonly kind: "init" | "get" | "set";
  readonly computed: boolean;
  readonly method: boolean;
}

export interface ObjectExpression extends Node {
  readonly type: "ObjectExpression";
  readonly properties: readonly (Property | SpreadElement)[];
}

export interface UnaryExpression extends Node {
  readonly type: "UnaryExpression";
  readonly operator: string;
  readonly argument: Expression;
}

export interface UpdateExpression extends Node {
  readonly type: "UpdateExpression";
  readonly operator: "++" | "--";
  readonly prefix: boolean;
  readonly argument: Expression;
}

export interface BinaryExpression extends Node {
  readonly type: "BinaryExpression";
  readonly operator: string;
  readonly left: Expression;
  readonly right: Expression;
}

export interface LogicalExpression extends Node {
  readonly type: "LogicalExpression";
  readonly operator: "&&" | "||" | "??";
  readonly left: Expression;
  readonly right: Expression;
}

export interface ConditionalExpression extends Node {
  readonly type: "ConditionalExpression";
  readonly test: Expression;
  readonly consequent: Expression;
  readonly alternate: Expression;
}

export interface AssignmentExpression extends Node {
  readonly type: "AssignmentExpression";
  readonly operator: string;
  readonly left: Expression | Pattern;
  readonly right: Expression;
}

export interface SequenceExpression extends Node {
  readonly type: "SequenceExpression";
  readonly expressions: readonly Expression[];
}

export interface MemberExpression extends Node {
  readonly type: "MemberExpression";
  readonly object: Expression;
  readonly property: Expression;
  readonly computed: boolean;
  readonly optional?: boolean;
}

export interface CallExpression extends Node {
  readonly type: "CallExpression";
  readonly callee: Expression;
  readonly arguments: readonly (Expression | SpreadElement)[];
  readonly optional?: boolean;
}

export interface NewExpression extends Node {
  readonly type: "NewExpression";
  readonly callee: Expression;
  readonly arguments: readonly (Expression | SpreadElement)[];
}

/** Expression that changes only the TypeScript type: `x!`, `x as T`, `(x)`, `x satisfies T`, `<T>x`. */
export interface Wrapper extends Node {
  readonly type:
    | "ParenthesizedExpression"
    | "TSNonNullExpression"
    | "TSAsExpression"
    | "TSSatisfiesExpression"
    | "TSTypeAssertion"
    | "TSInstantiationExpression"
    | "ChainExpression";
  readonly expression: Expression;
  readonly typeAnnotation?: TypeNode;
}

export interface FunctionNode extends Node {
  readonly type: "FunctionDeclaration" | "FunctionExpression" | "ArrowFunctionExpression";
  readonly id?: Identifier | null;
  readonly params: readonly Pattern[];
  readonly body: BlockStatement | Expression;
  readonly async?: boolean;
  readonly generator?: boolean;
  readonly returnType?: TypeAnnotation | null;
}

export type Expression =
  | Identifier
  | Literal
  | TemplateLiteral
  | ArrayExpression
  | ObjectExpression
  | UnaryExpression
  | UpdateExpression
  | BinaryExpression
  | LogicalExpression
  | ConditionalExpression
  | AssignmentExpression
  | SequenceExpression
  | MemberExpression
  | CallExpression
  | NewExpression
  | Wrapper
  | FunctionNode;

export interface ArrayPattern extends Node {
  readonly type: "ArrayPattern";
  readonly elements: readonly (Pattern | null)[];
  readonly typeAnnotation?: TypeAnnotation | null;
}

export interface ObjectPattern extends Node {
  readonly type: "ObjectPattern";
  readonly properties: readonly (Property | RestElement)[];
  readonly typeAnnotation?: TypeAnnotation | null;
}

export interface AssignmentPattern extends Node {
  readonly type: "AssignmentPattern";
  readonly left: Pattern;
  readonly right: Expression;
}

export interface RestElement extends Node {
  readonly type: "RestElement";
  readonly argument: Pattern;
}

/** Target of a declaration or an assignment. Targets of assignments may be members. */
export type Pattern =
  Identifier | ArrayPattern | ObjectPattern | AssignmentPattern | RestElement | MemberExpression | Wrapper;

export interface VariableDeclarator extends Node {
  readonly type: "VariableDeclarator";
  readonly id: Pattern;
  readonly init?: Expression | null;
}

export interface VariableDeclaration extends Node {
  readonly type: "VariableDeclaration";
  readonly kind: "const" | "let" | "var" | "using";
  readonly declarations: readonly VariableDeclarator[];
  readonly declare?: boolean;
}

export interface BlockStatement extends Node {
  readonly type: "BlockStatement";
  readonly body: readonly Statement[];
}

export interface ExpressionStatement extends Node {
  readonly type: "ExpressionStatement";
  readonly expression: Expression;
  readonly directive?: string | null;
}

export interface IfStatement extends Node {
  readonly type: "IfStatement";
  readonly test: Expression;
  readonly consequent: Statement;
  readonly alternate?: Statement | null;
}

export interface ForStatement extends Node {
  readonly type: "ForStatement";
  readonly init?: VariableDeclaration | Expression | null;
  readonly test?: Expression | null;
  readonly update?: Expression | null;
  readonly body: Statement;
}

export interface ForOfStatement extends Node {
  readonly type: "ForOfStatement";
  readonly left: VariableDeclaration | Pattern;
  readonly right: Expression;
  readonly body: Statement;
  readonly await?: boolean;
}

export interface WhileStatement extends Node {
  readonly type: "WhileStatement";
  readonly test: Expression;
  readonly body: Statement;
}

export interface DoWhileStatement extends Node {
  readonly type: "DoWhileStatement";
  readonly test: Expression;
  readonly body: Statement;
}

export interface SwitchCase extends Node {
  readonly test?: Expression | null;
  readonly consequent: readonly Statement[];
}

export interface SwitchStatement extends Node {
  readonly type: "SwitchStatement";
  readonly discriminant: Expression;
  readonly cases: readonly SwitchCase[];
}

export interface LabeledStatement extends Node {
  readonly type: "LabeledStatement";
  readonly label: Identifier;
  readonly body: Statement;
}

export interface JumpStatement extends Node {
  readonly type: "BreakStatement" | "ContinueStatement";
  readonly label?: Identifier | null;
}

export interface ReturnStatement extends Node {
  readonly type: "ReturnStatement";
  readonly argument?: Expression | null;
}

export interface ThrowStatement extends Node {
  readonly type: "ThrowStatement";
  readonly argument: Expression;
}

/** Statement that does nothing at run time. */
export interface InertStatement extends Node {
  readonly type: "EmptyStatement" | "DebuggerStatement" | "TSDeclareFunction";
}

export interface FunctionDeclaration extends FunctionNode {
  readonly type: "FunctionDeclaration";
}

export type LoopStatement = ForStatement | ForOfStatement | WhileStatement | DoWhileStatement;

export type Statement =
  | VariableDeclaration
  | FunctionDeclaration
  | BlockStatement
  | ExpressionStatement
  | IfStatement
  | LoopStatement
  | SwitchStatement
  | LabeledStatement
  | JumpStatement
  | ReturnStatement
  | ThrowStatement
  | TypeDeclaration
  | InertStatement;

export interface TypeAnnotation extends Node {
  readonly type: "TSTypeAnnotation";
  readonly typeAnnotation: TypeNode;
}

export interface TypeReference extends Node {
  readonly type: "TSTypeReference";
  /** The name: an identifier, or `Kind.Member` with `left` and `right`. */
  readonly typeName: Node & {
    readonly name?: string;
    readonly left?: { readonly name?: string };
    readonly right?: { readonly name?: string };
  };
  readonly typeArguments?: { readonly params: readonly TypeNode[] } | null;
  readonly typeParameters?: { readonly params: readonly TypeNode[] } | null;
}

export interface TypeMember extends Node {
  readonly key: Expression;
  readonly optional?: boolean;
  readonly typeAnnotation?: TypeAnnotation | null;
}

export type TypeNode =
  | (Node & {
      readonly type:
        | "TSNumberKeyword"
        | "TSBooleanKeyword"
        | "TSAnyKeyword"
        | "TSStringKeyword"
        | "TSUndefinedKeyword"
        | "TSNullKeyword";
    })
  | (Node & { readonly type: "TSArrayType"; readonly elementType: TypeNode })
  | (Node & { readonly type: "TSTupleType"; readonly elementTypes: readonly TypeNode[] })
  | (Node & {
      readonly type: "TSNamedTupleMember";
      readonly elementType: TypeNode;
      readonly optional?: boolean;
    })
  | (Node & { readonly type: "TSTypeOperator"; readonly operator: string; readonly typeAnnotation: TypeNode })
  | (Node & {
      readonly type: "TSIndexedAccessType";
      readonly objectType: TypeNode;
      readonly indexType: TypeNode;
    })
  | (Node & { readonly type: "TSParenthesizedType"; readonly typeAnnotation: TypeNode })
  | (Node & { readonly type: "TSTypeLiteral"; readonly members: readonly TypeMember[] })
  | (Node & { readonly type: "TSIntersectionType" | "TSUnionType"; readonly types: readonly TypeNode[] })
  | (Node & { readonly type: "TSTypeQuery"; readonly exprName: Node })
  | MappedType
  | (Node & { readonly type: "TSFunctionType" | "TSTemplateLiteralType" })
  | (Node & { readonly type: "TSLiteralType"; readonly literal: Expression })
  | TypeReference;

/** `{ [K in Keys]: T }`. Parsers differ in where they put `K` and `Keys`. */
export interface MappedType extends Node {
  readonly type: "TSMappedType";
  readonly key?: Identifier;
  readonly constraint?: TypeNode;
  readonly typeParameter?: { readonly name: string; readonly constraint: TypeNode };
  readonly nameType?: TypeNode | null;
  readonly typeAnnotation?: TypeNode | null;
  readonly optional?: boolean | "+" | "-" | null;
}

/** The parameters of a generic type. Parsers differ in whether a name is an identifier or a string. */
export interface TypeParameters {
  readonly params: readonly {
    readonly name: string | Identifier;
    readonly default?: TypeNode | null;
  }[];
}

export interface InterfaceDeclaration extends Node {
  readonly type: "TSInterfaceDeclaration";
  readonly id: Identifier;
  readonly typeParameters?: TypeParameters | null;
  readonly body: { readonly body: readonly TypeMember[] };
  readonly extends?:
    | readonly (Node & { readonly expression: Expression } & Pick<
          TypeReference,
          "typeArguments" | "typeParameters"
        >)[]
    | null;
}

export interface TypeAliasDeclaration extends Node {
  readonly type: "TSTypeAliasDeclaration";
  readonly id: Identifier;
  readonly typeParameters?: TypeParameters | null;
  readonly typeAnnotation: TypeNode;
}

/** An enum. `captured.ts` reads its members. */
export interface EnumDeclaration extends Node {
  readonly type: "TSEnumDeclaration";
  readonly id: Identifier;
}

export type TypeDeclaration = InterfaceDeclaration | TypeAliasDeclaration | EnumDeclaration;

export interface ModuleSpecifier extends Node {
  readonly type:
    "ImportSpecifier" | "ImportDefaultSpecifier" | "ImportNamespaceSpecifier" | "ExportSpecifier";
  readonly local: Identifier;
  /** Name in the imported module, for imports only. Exports have `local` and `exported` instead. */
  readonly imported?: Identifier;
  readonly exported?: Identifier;
}

export interface ImportDeclaration extends Node {
  readonly type: "ImportDeclaration";
  readonly source: Literal;
  readonly specifiers: readonly ModuleSpecifier[];
}

export interface ExportDeclaration extends Node {
  readonly type: "ExportNamedDeclaration" | "ExportDefaultDeclaration" | "ExportAllDeclaration";
  readonly declaration?: Statement | Expression | null;
  readonly source?: Literal | null;
  readonly specifiers?: readonly ModuleSpecifier[];
}

export interface ProgramNode extends Node {
  readonly type: "Program";
  readonly body: readonly (Statement | ImportDeclaration | ExportDeclaration)[];
}
