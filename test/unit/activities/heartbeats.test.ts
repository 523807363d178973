import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite, test } from 'node:test';
import { withHeartbeats } from '../../../src/activities/heartbeats';
import { activityEnvironment } from '../../support/activities';

suite('heartbeats', () => {
  test('are not sent all the time, however short the timeout is that a caller gives', async () => {
    const environment = activityEnvironment();
    let beats = 0;
    environment.on('heartbeat', () => {
      beats += 1;
    });
    await environment.run(() =>
      withHeartbeats(
        0.001,
        () => 'working',
        () => sleep(300),
      ),
    );
    // With a pause of a quarter of the timeout there would be hundreds.
    assert.ok(beats >= 1 && beats <= 10, String(beats));
  });
});
