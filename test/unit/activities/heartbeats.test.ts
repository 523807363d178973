import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite, test } from 'node:test';
import { withHeartbeats } from '../../../src/activities/heartbeats';
import { activityEnvironment } from '../../support/activities';

suite('heartbeats', () => {
  test('have a minimum interval, even for a very short timeout', async () => {
    const environment = activityEnvironment();
    let beats = 0;
    environment.on('heartbeat', () => {
      beats += 1;
    });
    await environment.run(() =>
      withHeartbeats(0.001, (report) => {
        report(() => 'working');
        return sleep(300);
      }),
    );
    // With a pause of a quarter of the timeout there would be hundreds.
    assert.ok(beats >= 1 && beats <= 10, String(beats));
  });
});
