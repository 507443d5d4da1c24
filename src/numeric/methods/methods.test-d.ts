import "downhill/methods";
import { tensor, type Tensor } from "downhill";

const x: Tensor = tensor([1, 2]);
const clipped: Tensor = x.clip(0, 1).prod(0).sigmoid();
const [values, places]: [Tensor, Tensor] = x.topK(1);
const parts: Tensor[] = x.split(2);
const kept: Tensor = x.median([0], { keepdims: true });
void [clipped, values, places, parts, kept];

// @ts-expect-error: an axis is a number
x.prod("0");
// @ts-expect-error: an unknown option
x.prod({ axes: 0 });
// @ts-expect-error: an operand is missing
x.mod();
