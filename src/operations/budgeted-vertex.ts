import type { VertexApi } from '../google/vertex';
import type { CallName, RegionBudgets } from './region-budgets';

/** The same service, asked no more often than the process's budgets allow. */
export function budgetedVertex(vertex: VertexApi, budgets: RegionBudgets): VertexApi {
  const spend = <T>(call: CallName, resource: string, signal: AbortSignal | undefined, request: () => Promise<T>) =>
    budgets.spend({ call, resource, lane: 'calls', signal }, request);
  return {
    getModel: (name, signal) => spend('models.get', name, signal, () => vertex.getModel(name, signal)),

    listModels: (request, signal) =>
      spend('models.list', request.parent, signal, () => vertex.listModels(request, signal)),

    // Whoever starts an export has waited for its turn before, with `submissionTurn`.
    async exportModel(name, body) {
      const operation = await budgets.send('models.export', name, () => vertex.exportModel(name, body));
      budgets.relate(name, operation.name);
      return operation;
    },

    async listOperations(parent, pageToken, signal) {
      const request = () => vertex.listOperations(parent, pageToken, signal);
      const page = await spend('operations.list', parent, signal, request);
      budgets.relate(parent, page.operations[0]?.name);
      return page;
    },

    getOperation: (name, signal) => spend('operations.get', name, signal, () => vertex.getOperation(name, signal)),

    waitOperation: (name, timeoutMs, signal) =>
      spend('operations.wait', name, signal, () => vertex.waitOperation(name, timeoutMs, signal)),

    cancelOperation: (name, signal) =>
      spend('operations.cancel', name, signal, () => vertex.cancelOperation(name, signal)),
  };
}
