import { createRequire } from 'node:module';
import path from 'node:path';
import type * as activities from '../../src/activities';
import type * as verification from '../../src/activities/export/verify-export';
import type * as errors from '../../src/google/api-error';
import type * as poller from '../../src/polling/operation-poller';
import type * as budgets from '../../src/polling/budget/region-budgets';
import type * as budgeted from '../../src/polling/budget/budgeted-vertex';
import type * as timers from '../../src/polling/time/timers';
import type * as define from '../../src/activities/define-activity';
import type * as requests from '../../src/contract/export-requests';

/** The package's code as one worker process has it: module state, such as its timers, belongs to the process. */
export interface WorkerCode {
  readonly activities: typeof activities;
  readonly verification: typeof verification;
  readonly errors: typeof errors;
  readonly poller: typeof poller;
  readonly budgets: typeof budgets;
  readonly budgeted: typeof budgeted;
  readonly timers: typeof timers;
  readonly define: typeof define;
  readonly requests: typeof requests;
}

const SOURCE = path.join(__dirname, '..', '..', 'src');
const load = createRequire(__filename);

/** Loads another copy of the code, with separate module state. */
export function loadWorkerCode(): WorkerCode {
  const before = new Map(ownModules());
  for (const [file] of before) Reflect.deleteProperty(load.cache, file);
  const modules = {
    activities: load(path.join(SOURCE, 'activities')) as WorkerCode['activities'],
    verification: load(path.join(SOURCE, 'activities', 'export', 'verify-export')) as WorkerCode['verification'],
    errors: load(path.join(SOURCE, 'google', 'api-error')) as WorkerCode['errors'],
    poller: load(path.join(SOURCE, 'polling', 'operation-poller')) as WorkerCode['poller'],
    budgets: load(path.join(SOURCE, 'polling', 'budget', 'region-budgets')) as WorkerCode['budgets'],
    budgeted: load(path.join(SOURCE, 'polling', 'budget', 'budgeted-vertex')) as WorkerCode['budgeted'],
    timers: load(path.join(SOURCE, 'polling', 'time', 'timers')) as WorkerCode['timers'],
    define: load(path.join(SOURCE, 'activities', 'define-activity')) as WorkerCode['define'],
    requests: load(path.join(SOURCE, 'contract', 'export-requests')) as WorkerCode['requests'],
  };
  for (const [file] of ownModules()) Reflect.deleteProperty(load.cache, file);
  for (const [file, module] of before) load.cache[file] = module;
  return modules;
}

function ownModules(): [string, NodeJS.Module | undefined][] {
  return Object.entries(load.cache).filter(([file]) => file.startsWith(SOURCE + path.sep));
}
