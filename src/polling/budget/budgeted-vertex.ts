import type { VertexApi } from '../../google/vertex';
import type { Grant } from './grant';
import type { CallName, RegionBudgets } from './region-budgets';

/** A start of an export that the quota has granted. */
export interface Submission {
  /**
   * Vertex AI, for the calls that belong to this start: they are served before other calls, and `exportModel` uses the
   * grant. The export of a grant that has expired waits for another one.
   */
  readonly vertex: VertexApi;
  /** Gives the grant back where no export was sent; after one it does nothing. */
  release(): void;
}

/**
 * Waits until an export of the Model may be started. The grant occupies the quota until it is used, released, or
 * expires after 60 s. An abort ends the waiting with the signal's reason.
 */
export type Submissions = (model: string, signal: AbortSignal) => Promise<Submission>;

/** The same service, with no more requests than the process's budgets allow. */
export function budgetedVertex(vertex: VertexApi, budgets: RegionBudgets): VertexApi {
  return withBudgets(vertex, budgets);
}

/** Grants of starts, in the order in which they were asked for. */
export function submissionsOf(vertex: VertexApi, budgets: RegionBudgets): Submissions {
  return async (model, signal) => {
    const grant = await budgets.acquireSubmission(model, signal);
    return {
      vertex: withBudgets(vertex, budgets, grant),
      release: () => {
        grant.release();
      },
    };
  };
}

function withBudgets(vertex: VertexApi, budgets: RegionBudgets, grant?: Grant): VertexApi {
  /** Sends a request; where the answer names a resource, that shows the number of the project that was asked for. */
  const send = async <T>(
    call: CallName,
    resource: string,
    signal: AbortSignal | undefined,
    request: (beforeSend: () => Promise<void>) => Promise<T>,
    nameIn: (answer: T) => string | undefined = () => undefined,
  ): Promise<T> => {
    const lane = grant?.isHeld ? 'starts' : 'calls';
    const answer = await budgets.send({ call, resource, lane, signal }, request);
    budgets.relate(resource, nameIn(answer));
    return answer;
  };
  return {
    getModel: (name, signal) =>
      send(
        'models.get',
        name,
        signal,
        (beforeSend) => vertex.getModel(name, signal, beforeSend),
        ({ model }) => model.name,
      ),

    listModels: (request, signal) =>
      send(
        'models.list',
        request.parent,
        signal,
        (beforeSend) => vertex.listModels(request, signal, beforeSend),
        ({ models }) => models[0]?.name,
      ),

    async exportModel(name, body, { signal, beforeSend: check } = {}) {
      const spending = { call: 'models.export', resource: name, lane: 'starts', signal, grant, check } as const;
      const operation = await budgets.send(spending, (beforeSend) => vertex.exportModel(name, body, { beforeSend }));
      budgets.relate(name, operation.name);
      return operation;
    },

    listOperations: (parent, pageToken, signal) =>
      send(
        'operations.list',
        parent,
        signal,
        (beforeSend) => vertex.listOperations(parent, pageToken, signal, beforeSend),
        ({ operations }) => operations[0]?.name,
      ),

    getOperation: (name, signal) =>
      send(
        'operations.get',
        name,
        signal,
        (beforeSend) => vertex.getOperation(name, signal, beforeSend),
        (operation) => operation.name,
      ),

    waitOperation: (name, timeoutMs, signal) =>
      send(
        'operations.wait',
        name,
        signal,
        (beforeSend) => vertex.waitOperation(name, timeoutMs, signal, beforeSend),
        (operation) => operation.name,
      ),

    cancelOperation: (name, signal) =>
      send('operations.cancel', name, signal, (beforeSend) => vertex.cancelOperation(name, signal, beforeSend)),
  };
}
