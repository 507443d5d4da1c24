// `downhill/fft`: Fourier transforms of any length, and complex numbers as pairs of tensors.
import "../array/methods.ts";
import "../../engine/runtime/install.ts";

export * as complex from "./complex.ts";
export type { Complex, ComplexLike } from "./complex.ts";
export * from "./cosine.ts";
export * from "./fft.ts";
