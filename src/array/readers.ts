import type { Tensor } from "../ir/tensor.ts";
import { attachMethods } from "./attach.ts";
import { item, read, tolist } from "./read.ts";

/** The names of the methods that read a tensor. */
export type Readers = "item" | "tolist" | "data" | "read" | "toJSON";

const readers: ThisType<Tensor> & Pick<Tensor, Readers> = {
  item() {
    return item(this);
  },
  tolist() {
    return tolist(this);
  },
  data(options) {
    return read(this, "data", options);
  },
  read(options) {
    return Promise.resolve(read(this, "read", options));
  },
  toJSON() {
    return tolist(this);
  },
};

// One of the import-time effects of the library (see `sideEffects` in package.json): the methods that every tensor has.
attachMethods({ ...readers });
