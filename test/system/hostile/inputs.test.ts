import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { exportModelInputSchema, parseExportModelInput } from '../../../src/contract/export-input';
import { exportModelsInputSchema } from '../../../src/contract/fleet-input';
import { fleetStateSchema } from '../../../src/contract/fleet-requests';
import { parseCarriedFleet } from '../../../src/contract/fleet-carried';
import { parseExportModelsInput } from '../../../src/contract/fleet-check';
import { assertWellFormed } from './checks';
import { CALLER, carriedState, CONTINUED_INPUT, EXPORT_INPUT, FLEET_INPUTS } from './examples';
import type { Field, Path } from './fields';
import { fieldsOf, patternOf, uncoveredFields, withValue } from './fields';
import { ODD_VALUES } from './odd-values';
import { HOSTILE_TEXTS, hostileTextsFor } from './values';

/** The outcome of a parser: the accepted value, or problems. */
type Parsed = { readonly problems: readonly { readonly path: string; readonly message: string }[] } | object;

interface Parser {
  readonly what: string;
  readonly examples: readonly unknown[];
  readonly parse: (value: unknown) => Parsed;
}

const STATES = (['exports', 'models', 'parent'] as const).map((source) => carriedState(source));

const PARSERS: readonly Parser[] = [
  { what: 'the input of an export', examples: [EXPORT_INPUT], parse: parseExportModelInput },
  { what: 'the input of a fleet', examples: Object.values(FLEET_INPUTS), parse: parseExportModelsInput },
  {
    what: 'what a fleet carries over',
    examples: STATES,
    parse: (state) => parseCarriedFleet(CONTINUED_INPUT, state, CALLER),
  },
  {
    what: 'the input of a fleet that continues',
    examples: [CONTINUED_INPUT],
    parse: (input) => parseCarriedFleet(input, STATES[0], CALLER),
  },
];

// These rules are separate from the package's, so that a fault in its parser is not repeated here.
const PROJECT = '[a-z0-9][a-z0-9.:-]*';
const LOCATION = '[a-z]+(?:-[a-z]+\\d+)?';
const MODEL = new RegExp(`^projects/${PROJECT}/locations/${LOCATION}/models/[\\w-]+(?:(?:@|%40)[A-Za-z0-9-]+)?$`);
const PARENT = new RegExp(`^projects/${PROJECT}/locations/${LOCATION}$`);
const PLACE = /^gs:\/\/[a-z0-9][a-z0-9._-]+[a-z0-9](?:\/\P{Cc}*)?$/u;
const IMAGE = /^(?:[a-z]+(?:-[a-z]+\d+)?-docker\.pkg\.dev|(?:[a-z]+\.)?gcr\.io)\/[a-z0-9._:/-]+(?::[\w.-]+)?$/;
const FORMAT = /^[A-Za-z0-9._-]{1,128}$/;

/** The rule for an accepted text, by the name of its field. */
const HARMLESS: Readonly<Record<string, (text: string) => boolean>> = {
  name: (text) => MODEL.test(text),
  model: (text) => MODEL.test(text) || !text.includes('\ud800'),
  models: (text) => MODEL.test(text),
  parent: (text) => PARENT.test(text),
  exportFormatId: (text) => FORMAT.test(text),
  formatPreference: (text) => FORMAT.test(text),
  formats: (text) => FORMAT.test(text),
  outputUriPrefix: isHarmlessPlace,
  resultsUriPrefix: isHarmlessPlace,
  resultUris: (text) => PLACE.test(text),
  outputUri: (text) => IMAGE.test(text) && !/(?:^|\/)\.\.?(?:\/|$)/.test(text),
  folderName: (text) => /^[A-Za-z0-9._-]+$/.test(text) && !/^\.+$/.test(text),
};

function isHarmlessPlace(text: string): boolean {
  return PLACE.test(text) && !text.split('/').some((part) => part === '.' || part === '..');
}

function fieldName(path: Path): string {
  return path.findLast((key): key is string => typeof key === 'string') ?? '';
}

/** Fails unless a parser rejects a value with a short message, or accepts it as a harmless one. */
function assertHarmless({ parse }: Parser, example: unknown, path: Path, value: unknown, what: string): boolean {
  const parsed = parse(withValue(example, path, value));
  if ('problems' in parsed) {
    const { problems } = parsed;
    assert.ok(problems.length > 0 && problems.length <= 101, what);
    for (const { path: place, message } of problems) {
      assert.ok(place.length <= 200 && message.length <= 300, `${what}: ${place.length}, ${message.length}`);
    }
    assertWellFormed(problems, what);
    return false;
  }
  assertWellFormed(parsed, what);
  if (typeof value === 'string') {
    assertWellFormed(value, what);
    assert.ok(HARMLESS[fieldName(path)]?.(value) ?? true, `${what} is accepted`);
  }
  return true;
}

/** Fields of an example that no earlier example has. */
function freshFields({ examples }: Parser, index: number): Field[] {
  const seen = new Set(examples.slice(0, index).flatMap((example) => fieldsOf(example).map(keyOf)));
  return fieldsOf(examples[index]).filter((field) => !seen.has(keyOf(field)));
}

const keyOf = ({ path, value }: Field): string => `${patternOf(path)} ${typeof value}`;

const shown = (text: string): string => JSON.stringify(text).slice(0, 200);

suite('the hostile values of these tests', () => {
  test('number at least 300 for every field', () => {
    assert.ok(HOSTILE_TEXTS.length >= 300, String(HOSTILE_TEXTS.length));
    assert.equal(new Set(HOSTILE_TEXTS).size, HOSTILE_TEXTS.length);
  });

  test('are tried in every field of the inputs and of the carried-over state', () => {
    assert.deepEqual(uncoveredFields(exportModelInputSchema, [EXPORT_INPUT]), []);
    const fleet = uncoveredFields(exportModelsInputSchema, Object.values(FLEET_INPUTS));
    // An image in the defaults would be the same for all exports, and is rejected.
    assert.deepEqual(
      fleet.filter((field) => !field.startsWith('defaults.outputConfig.imageDestination')),
      [],
    );
    assert.deepEqual(uncoveredFields(fleetStateSchema, STATES), []);
  });
});

for (const parser of PARSERS) {
  suite(parser.what, () => {
    for (const [index, example] of parser.examples.entries()) {
      const form = parser.examples.length > 1 ? `, in form ${index + 1}` : '';

      test(`is accepted if it is valid${form}`, () => {
        const parsed = parser.parse(example);
        assert.equal('problems' in parsed, false, JSON.stringify(parsed));
      });

      test(`is rejected or harmless with a hostile text in any field${form}`, () => {
        let combinations = 0;
        for (const { path, value } of freshFields(parser, index)) {
          if (typeof value !== 'string') continue;
          for (const text of hostileTextsFor(value)) {
            assertHarmless(parser, example, path, text, `${patternOf(path)} = ${shown(text)}`);
            combinations += 1;
          }
        }
        assert.ok(combinations >= 300, String(combinations));
      });

      test(`is rejected or harmless with a value of another type in any field${form}`, () => {
        for (const { path } of [{ path: [] }, ...freshFields(parser, index)]) {
          for (const { what, value } of ODD_VALUES) {
            assertHarmless(parser, example, path, value, `${patternOf(path)} = ${what}`);
          }
        }
        assert.equal(Reflect.get({}, 'polluted'), undefined);
      });

      test(`is rejected or harmless with hostile field names${form}`, () => {
        for (const { path, value } of [{ path: [], value: example }, ...freshFields(parser, index)]) {
          if (typeof value !== 'object' || value === null || Array.isArray(value)) continue;
          for (const name of HOSTILE_TEXTS) {
            const entries = Object.fromEntries([...Object.entries(value), [name, 1]]);
            assertHarmless(parser, example, path, entries, `${patternOf(path)} with ${shown(name)}`);
          }
        }
      });
    }
  });
}
