import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { OPERATOR, OPERATOR_CODE, SUBGRAPH } from '../../../../src/verification/formats/tflite/schema';
import { customCode, tfliteModel } from '../../../support/tflite';
import { PROGRAM, inspectCompiled, summaryOf, theFixture } from '../../../support/tflite-inspection';

suite('A model for the Edge TPU', () => {
  const compiled = {
    operatorCodes: [customCode('edgetpu-custom-op')],
    operator: { [OPERATOR.customOptions]: PROGRAM },
  };

  test('of the emulator is accepted, and refused wherever it is cut off', async () => {
    const whole = theFixture('image/edgetpu-tflite');
    const seen = await inspectCompiled(whole);
    assert.deepEqual([...seen.findings, ...seen.notes], []);
    assert.equal(summaryOf(seen).edgeTpu, true);
    for (let length = 1; length < whole.length; length += 1) {
      const { findings } = await inspectCompiled(whole.subarray(0, length));
      assert.ok(findings.length > 0, `${length} of ${whole.length} bytes`);
    }
  });

  test('may have other operators beside the compiled one, and only empty buffers', async () => {
    const operators = [
      { [OPERATOR.customOptions]: PROGRAM },
      { [OPERATOR.opcodeIndex]: { u32: 1 }, [OPERATOR.customOptions]: Buffer.from('boxes') },
    ];
    const seen = await inspectCompiled(
      tfliteModel({
        operatorCodes: [...compiled.operatorCodes, customCode('TFLite_Detection_PostProcess')],
        subgraph: { [SUBGRAPH.operators]: { tables: operators } },
        buffers: [{}, {}],
      }),
    );
    assert.deepEqual([...seen.findings, ...seen.notes], []);
  });

  test('that was not compiled is refused', async () => {
    const { findings } = await inspectCompiled(theFixture('image/tflite'));
    assert.deepEqual(findings, [
      'model.tflite: is not compiled for the Edge TPU: none of its 4 operator codes is edgetpu-custom-op',
    ]);
  });

  test('whose program no operator uses is refused', async () => {
    const codes = [{ [OPERATOR_CODE.deprecatedBuiltinCode]: { i8: 0 } }, ...compiled.operatorCodes];
    const { findings } = await inspectCompiled(tfliteModel({ operatorCodes: codes }));
    assert.match(findings.join(), /none of its operators is edgetpu-custom-op/);
  });

  test('of an unknown compiler is accepted with a note', async () => {
    const options = { [OPERATOR.customOptions]: Buffer.from('another program') };
    const { findings, notes } = await inspectCompiled(tfliteModel({ ...compiled, operator: options }));
    assert.deepEqual(findings, []);
    assert.match(notes.join(), /1 of its 1 Edge TPU programs do not begin like programs of the known compiler/);
  });

  test('with a program of 5 MB is inspected with a few small reads, and refused where that is cut off', async () => {
    const options = Buffer.concat([PROGRAM, Buffer.alloc(5_000_000)]);
    const whole = tfliteModel({ ...compiled, operator: { [OPERATOR.customOptions]: options } });
    const { findings, reads } = await inspectCompiled(whole);
    assert.deepEqual(findings, []);
    assert.ok(reads.length <= 8 && reads.every(({ length }) => length <= 8_192), JSON.stringify(reads));
    for (const length of [whole.length - 20, 2_500_000, 1_100_000]) {
      assert.match((await inspectCompiled(whole.subarray(0, length))).findings.join(), /is cut off or damaged/);
    }
  });
});
