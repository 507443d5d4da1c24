/** Properties of the engine that compiles the modules. */
export interface EngineTraits {
  /** True for V8 from Node 24 on, or another engine of that age. */
  readonly isRecent: boolean;
  /** True if the engine merges pairs of vectors into 256-bit operations, as turbo mode requests. */
  readonly wide: boolean;
  /**
   * True if the engine merges pairs of vectors or may do so, in turbo mode or because of a flag that the user has set.
   */
  readonly mayWiden: boolean;
}

/** Engine-specific workaround; results do not change. */
export interface Peephole {
  /** Returns true if an engine needs the workaround. */
  readonly isFor: (engine: EngineTraits) => boolean;
}
