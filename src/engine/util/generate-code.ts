let codeGeneration: boolean | undefined;

/** True if JavaScript can be compiled from text. Strict content security policies forbid it. */
export function canGenerateCode(): boolean {
  codeGeneration ??= tryToGenerate();
  return codeGeneration;
}

function tryToGenerate(): boolean {
  try {
    void new Function("");
    return true;
  } catch {
    return false;
  }
}
