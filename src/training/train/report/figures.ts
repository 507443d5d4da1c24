/** A curve over the epochs. */
export interface Series {
  readonly name: string;
  /** One value per epoch, starting at the first. NaN leaves a gap. */
  readonly values: readonly number[];
}

/** An event at an epoch, to be marked in a chart. An event between two epochs is at a half-integer. */
export interface Mark {
  readonly epoch: number;
  /** Label of one or two words. */
  readonly label: string;
}

/**
 * Curves over the epochs, or over `x`. A curve without gaps of more than 4,000 values is reduced to the first, minimum,
 * maximum and last value of each part, so that zooming still shows its detail.
 */
export interface LinesFigure {
  readonly kind: "lines";
  readonly title: string;
  readonly caption?: string;
  readonly series: readonly Series[];
  /** The x values, one per value of the series, ascending. Default: epochs counted from 1. */
  readonly x?: { readonly label: string; readonly values: readonly number[] };
  /** Format of the values: numbers (default), or shares as percentages. */
  readonly unit?: "number" | "percent";
  /**
   * True if the y axis is logarithmic. Default: true if all values are positive and span more than two powers of ten.
   */
  readonly log?: boolean;
  /** Epochs to mark by a vertical line, such as those that `rateDrops` returns. */
  readonly marks?: readonly Mark[];
}

/** The layers of a network as boxes, from its inputs to its outputs. */
export interface LayersFigure {
  readonly kind: "layers";
  readonly title: string;
  readonly caption?: string;
  readonly layers: readonly {
    readonly name: string;
    /** Properties of the layer, one per line. */
    readonly lines: readonly string[];
  }[];
}

/** Confusion matrix: a table for up to 30 classes; for more, a map with the most frequent pairs below it. */
export interface ConfusionFigure {
  readonly kind: "confusion";
  readonly title: string;
  readonly caption?: string;
  readonly classes: readonly string[];
  /** `counts[actual][predicted]` */
  readonly counts: readonly (readonly number[])[];
}

/** Small grey images with a short label below each. */
export interface ImagesFigure {
  readonly kind: "images";
  readonly title: string;
  readonly caption?: string;
  readonly width: number;
  readonly height: number;
  readonly images: readonly {
    /** Brightness by rows, from 0 (paper) to 1 (ink). */
    readonly pixels: ArrayLike<number>;
    /**
     * Signed weight of each pixel, drawn next to the image: orange if positive, blue if negative, stronger the closer
     * it is to the largest weight of the image.
     */
    readonly weights?: ArrayLike<number>;
    readonly label: string;
    /** A second line below the label. */
    readonly note?: string;
    readonly description: string;
  }[];
}

/** Points in a square, with the line on which both values are equal. */
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

/** An existing drawing, such as `toSvg` of a trace. It is inserted into the page unchanged. */
export interface DrawingFigure {
  readonly kind: "drawing";
  readonly title: string;
  readonly caption?: string;
  readonly svg: string;
}

export type Figure =
  LinesFigure | LayersFigure | ConfusionFigure | ImagesFigure | ScatterFigure | TableFigure | DrawingFigure;

/** Report of a training run. Texts may contain any characters; they are escaped. */
export interface TrainingReport {
  readonly title: string;
  readonly subtitle?: string;
  /** Most important numbers. The first is shown large. */
  readonly results: readonly { readonly name: string; readonly value: string; readonly note?: string }[];
  /** Remarks about the run, for example that it was stopped early. */
  readonly notes?: readonly string[];
  readonly figures: readonly Figure[];
  readonly settings: readonly (readonly [name: string, value: string])[];
  /** Command line that repeats the run; a list if several commands are run one after the other. */
  readonly command?: string | readonly string[];
  /** Source of the data. */
  readonly provenance?: string;
}
