/** What is known of the engine that compiles the modules. */
export interface EngineTraits {
  /** Whether it is V8 from Node 24 on, or another one of that time. */
  readonly isRecent: boolean;
  /** Whether it makes operations of 256 bits of pairs of vectors, as turbo mode asks for. */
  readonly wide: boolean;
  /** Whether it does or may do so, in turbo mode or by a switch that others have set. */
  readonly mayWiden: boolean;
}

/** A work-around for an engine: code that is written otherwise than one would, for nothing but what the engine makes of it. */
export interface Peephole {
  /** Which engines need it. */
  readonly isFor: (engine: EngineTraits) => boolean;
}
