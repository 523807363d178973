import type { VertexApi } from '../../google/vertex';
import type { Grant } from './grant';
import type { CallName, RegionBudgets } from './region-budgets';

/** The right to start one export within the quota. */
export interface Submission {
  /**
   * The client for the calls that belong to this start. Its calls go before other calls, and its `exportModel` uses the
   * grant. If the grant has expired, `exportModel` waits for another one.
   */
  readonly vertex: VertexApi;
  /** Returns an unused grant to the quota. Does nothing after `exportModel`. */
  release(): void;
}

/**
 * Waits until the quota allows another start of an export of the Model. The grant occupies the quota until it is used,
 * released, or expires after 60 s. An abort ends the wait and throws the signal's reason.
 */
export type Submissions = (model: string, signal: AbortSignal) => Promise<Submission>;

/** Wraps a client so that it sends each request only when the budgets of the process allow it. */
export function budgetedVertex(vertex: VertexApi, budgets: RegionBudgets): VertexApi {
  return withBudgets(vertex, budgets);
}

/** Grants starts of exports in the order in which they are requested. */
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
  /** Sends a request. If the answer names a resource, the name shows the number of the project in the request. */
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
