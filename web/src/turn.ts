// Kernels turned by 180 degrees: what makes a true convolution of a cross-correlation.

/** Where the weight at a row-major index is after the turn; a kernel has `taps` weights. */
export function turnedAt(at: number, taps: number): number {
  const place = at % taps;
  return at - place + (taps - 1 - place);
}

export function turned(weights: Float64Array, taps: number): Float64Array {
  return weights.map((_, at) => weights[turnedAt(at, taps)]);
}

export function turnedEdits(edits: Map<number, number>, taps: number): Map<number, number> {
  return new Map([...edits].map(([at, value]) => [turnedAt(at, taps), value]));
}
