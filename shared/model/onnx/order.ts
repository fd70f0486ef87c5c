import type { BadInputError } from '../../errors.ts';
import type { Dataflow } from './dataflow.ts';
import { sparseName } from './dataflow.ts';
import { invalidModel } from './model-file.ts';
import type { GraphProto, NodeProto } from './onnx_pb.ts';

/**
 * ONNX demands that each name is given once (static single assignment). Old files list initialisers among the inputs
 * too: that is no second time.
 * @throws {BadInputError} `tensor-made-twice`
 */
export const assertMadeOnce = (graph: GraphProto, { constants }: Dataflow): void => {
  const made = new Set<string>();
  const names = [
    ...graph.initializer.map((t) => t.name),
    ...graph.sparseInitializer.map(sparseName),
    ...graph.input.map((i) => i.name).filter((name) => !constants.has(name)),
    ...graph.node.flatMap((n) => n.output).filter((name) => name !== ''),
  ];
  for (const name of names) {
    if (made.has(name)) {
      const tensor = name.slice(0, 200);
      throw invalidModel('tensor-made-twice', `the graph makes a tensor '${tensor}' twice; each is made once`, {
        tensor,
      });
    }
    made.add(name);
  }
};

/**
 * Nodes after all that they read from: the file's own order where it is so already, as ONNX demands. Walks with a stack
 * of its own: graphs may be thousands of nodes deep.
 * @throws {BadInputError} `graph-cyclic` naming a node of the cycle
 */
export const inOrder = (nodes: readonly NodeProto[], flow: Dataflow): NodeProto[] => {
  const open = new Set<NodeProto>();
  const done = new Set<NodeProto>();
  const visit = (node: NodeProto): readonly NodeProto[] => {
    open.add(node);
    const before = flow.reads(node).flatMap((name) => flow.producers.get(name) ?? []);
    const again = before.find((producer) => open.has(producer));
    if (again) throw cyclic(again);
    return before.filter((producer) => !done.has(producer));
  };
  for (const root of nodes) {
    const path = [root];
    for (let node = path.at(-1); node !== undefined; node = path.at(-1)) {
      if (!done.has(node) && !open.has(node)) {
        for (const producer of visit(node)) path.push(producer);
      } else {
        path.pop();
        open.delete(node);
        done.add(node);
      }
    }
  }
  return [...done];
};

const cyclic = (node: NodeProto): BadInputError => {
  const name = (node.name || node.output.join(',')).slice(0, 200);
  return invalidModel('graph-cyclic', `node '${name}' (${node.opType}) reads what is computed from its own outputs`, {
    node: name,
  });
};
