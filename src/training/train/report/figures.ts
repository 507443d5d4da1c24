/** A curve over the epochs. */
export interface Series {
  readonly name: string;
  /** One value an epoch, from the first; NaN leaves a gap. */
  readonly values: readonly number[];
}

/** A place among the epochs at which something happened; between two of them at a half. */
export interface Mark {
  readonly epoch: number;
  /** A word or two. */
  readonly label: string;
}

/**
 * Curves over the epochs, or over what `x` says. Of a curve of more than 4,000 values the page has the first, the least, the greatest and
 * the last of each part, so that zooming shows its detail.
 */
export interface LinesFigure {
  readonly kind: "lines";
  readonly title: string;
  readonly caption?: string;
  readonly series: readonly Series[];
  /** What the values lie over, one place a value, rising. Default: the epochs from 1. */
  readonly x?: { readonly label: string; readonly values: readonly number[] };
  /** How values are written: as numbers (default), or shares as percentages. */
  readonly unit?: "number" | "percent";
  /** Powers of ten apart (default: where the values span more than two of them and all are positive). */
  readonly log?: boolean;
  /** Places to mark by a line across, such as `rateDrops` finds. */
  readonly marks?: readonly Mark[];
}

/** The layers of a network as boxes, from its inputs to its outputs. */
export interface LayersFigure {
  readonly kind: "layers";
  readonly title: string;
  readonly caption?: string;
  readonly layers: readonly {
    readonly name: string;
    /** What is to be known of it, a line each. */
    readonly lines: readonly string[];
  }[];
}

/** How often each class was taken for each: a table of up to 30 classes, of more a map with the most frequent pairs below it. */
export interface ConfusionFigure {
  readonly kind: "confusion";
  readonly title: string;
  readonly caption?: string;
  readonly classes: readonly string[];
  /** `counts[actual][predicted]` */
  readonly counts: readonly (readonly number[])[];
}

/** Small grey images with a word or two below each. */
export interface ImagesFigure {
  readonly kind: "images";
  readonly title: string;
  readonly caption?: string;
  readonly width: number;
  readonly height: number;
  readonly images: readonly {
    /** Row by row, from 0 (paper) to 1 (ink). */
    readonly pixels: ArrayLike<number>;
    /**
     * How much each pixel counted, of either sign, to be drawn beside it: orange where it is positive, blue where it is negative,
     * the stronger the nearer it is to the largest of the image.
     */
    readonly weights?: ArrayLike<number>;
    readonly label: string;
    /** A second line below it. */
    readonly note?: string;
    readonly description: string;
  }[];
}

/** Points over a square, with the line on which both values are the same. */
export interface ScatterFigure {
  readonly kind: "scatter";
  readonly title: string;
  readonly caption?: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface TableFigure {
  readonly kind: "table";
  readonly title: string;
  readonly caption?: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A drawing made elsewhere, such as `toSvg` of a trace. It is put into the page as it is. */
export interface DrawingFigure {
  readonly kind: "drawing";
  readonly title: string;
  readonly caption?: string;
  readonly svg: string;
}

export type Figure =
  LinesFigure | LayersFigure | ConfusionFigure | ImagesFigure | ScatterFigure | TableFigure | DrawingFigure;

/** A report of a training run. All texts may hold anything; they are escaped. */
export interface TrainingReport {
  readonly title: string;
  readonly subtitle?: string;
  /** The numbers that matter, the first of them large. */
  readonly results: readonly { readonly name: string; readonly value: string; readonly note?: string }[];
  /** What deserves attention: that the run was stopped early, for instance. */
  readonly notes?: readonly string[];
  readonly figures: readonly Figure[];
  readonly settings: readonly (readonly [name: string, value: string])[];
  /** The command line that repeats the run; where it takes several, one after the other. */
  readonly command?: string | readonly string[];
  /** Where the data are from. */
  readonly provenance?: string;
}
