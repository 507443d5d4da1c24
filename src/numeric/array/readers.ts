import { refuseExtraOfMethod } from "../../engine/errors/arguments.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { giveUp } from "../../engine/runtime/index.ts";
import { attachMethods } from "./attach.ts";
import { item, read, readLater, tolist } from "./read.ts";

/** Names of the methods that read or free a tensor. */
export type ReaderMethod = "item" | "tolist" | "data" | "read" | "toJSON" | typeof Symbol.dispose;

const readers: ThisType<Tensor> & Pick<Tensor, Exclude<ReaderMethod, symbol>> = {
  item() {
    if (arguments.length > 0) refuseExtraOfMethod("item", arguments, 0);
    return item(this);
  },
  tolist() {
    if (arguments.length > 0) refuseExtraOfMethod("tolist", arguments, 0);
    return tolist(this);
  },
  data(options) {
    if (arguments.length > 1) refuseExtraOfMethod("data", arguments, 1);
    return read(this, options);
  },
  read(options) {
    if (arguments.length > 1) refuseExtraOfMethod("read", arguments, 1);
    return readLater(this, options);
  },
  toJSON() {
    return tolist(this);
  },
};

// One of the import-time side effects of the library (see `sideEffects` in package.json): the methods that every tensor
// has.
attachMethods({ ...readers });
// JavaScript engines without the symbol lack `using` too
if ((Symbol.dispose as symbol | undefined) !== undefined) {
  attachMethods({
    [Symbol.dispose](this: Tensor) {
      giveUp(this);
    },
  });
}
