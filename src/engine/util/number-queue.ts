/** Priority queue of numbers; the smallest comes first. */
export interface NumberQueue {
  readonly push: (x: number) => void;
  /** Removes and returns the smallest number; `undefined` if the queue is empty. */
  readonly pop: () => number | undefined;
  readonly peek: () => number | undefined;
}

/** Creates an empty queue, as a binary heap. */
export function makeNumberQueue(): NumberQueue {
  const heap: number[] = [];
  const swap = (i: number, k: number): void => {
    [heap[i], heap[k]] = [heap[k]!, heap[i]!];
  };
  return {
    push(x) {
      let i = heap.push(x) - 1;
      while (i > 0 && heap[(i - 1) >> 1]! > heap[i]!) {
        swap(i, (i - 1) >> 1);
        i = (i - 1) >> 1;
      }
    },
    pop() {
      const top = heap[0];
      const last = heap.pop();
      if (top === undefined || last === undefined || heap.length === 0) return top;
      heap[0] = last;
      for (let i = 0; ;) {
        const [left, right] = [2 * i + 1, 2 * i + 2];
        let least = i;
        if (left < heap.length && heap[left]! < heap[least]!) least = left;
        if (right < heap.length && heap[right]! < heap[least]!) least = right;
        if (least === i) return top;
        swap(i, least);
        i = least;
      }
    },
    peek: () => heap[0],
  };
}
