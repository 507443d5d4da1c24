/** Edge of a network. A cut costs its `capacity` if `from` is on the source side and `to` is on the sink side. */
export interface CutEdge {
  readonly from: number;
  readonly to: number;
  /** Cost of cutting the edge, at least 0; `Infinity` for an edge that must not be cut. */
  readonly capacity: number;
}

/**
 * Finds a minimum cut between source and sink. Returns the nodes on the sink side: the smallest such set if several
 * cuts have minimum cost. Each path from source to sink must contain an edge of finite capacity.
 *
 * @see Dinic, Algorithm for solution of a problem of maximum flow in networks with power estimation, 1970.
 */
export function sinkSide(
  nodes: number,
  edges: readonly CutEdge[],
  source: number,
  sink: number,
): ReadonlySet<number> {
  // edge 2i of the network is edges[i], edge 2i + 1 is its reverse
  const to = edges.flatMap((edge) => [edge.to, edge.from]);
  const room = edges.flatMap((edge) => [edge.capacity, 0]);
  const leaving = Array.from({ length: nodes }, (): number[] => []);
  edges.forEach((edge, i) => {
    leaving[edge.from]!.push(2 * i);
    leaving[edge.to]!.push(2 * i + 1);
  });

  /** Distance of each node from the source over edges with residual capacity. */
  const distances = (): Int32Array => {
    const distance = new Int32Array(nodes).fill(-1);
    distance[source] = 0;
    const queue = [source];
    for (const node of queue) {
      for (const e of leaving[node]!) {
        const next = to[e]!;
        const isFull = !(room[e]! > 0);
        if (isFull || distance[next] !== -1) continue;
        distance[next] = distance[node]! + 1;
        queue.push(next);
      }
    }
    return distance;
  };
  /** Augments the flow along all shortest paths. */
  const fill = (distance: Int32Array): void => {
    const tried = new Int32Array(nodes); // number of edges of each node that lead nowhere
    const path: number[] = [];
    for (let node = source; ;) {
      if (node === sink) {
        const flow = path.reduce((least, e) => Math.min(least, room[e]!), Infinity);
        for (const e of path) {
          room[e]! -= flow;
          room[e ^ 1]! += flow;
        }
        path.length = 0;
        node = source;
        continue;
      }
      const e = leaving[node]![tried[node]!];
      if (e === undefined) {
        const back = path.pop();
        if (back === undefined) return;
        node = to[back ^ 1]!;
        tried[node]!++;
      } else if (room[e]! > 0 && distance[to[e]!] === distance[node]! + 1) {
        path.push(e);
        node = to[e]!;
      } else tried[node]!++;
    }
  };
  for (let distance = distances(); distance[sink] !== -1; distance = distances()) fill(distance);

  const side = new Set([sink]);
  for (const node of side)
    for (const e of leaving[node]!) if (room[e ^ 1]! > 0 && !side.has(to[e]!)) side.add(to[e]!);
  return side;
}
