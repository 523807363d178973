/**
 * Why a program can't be had on this machine, in one line; undefined if it can. Tests that need the program are then skipped
 * with this reason. If the environment variable `CI` is set, a missing program is an error.
 */
export async function missingReason(find: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await find();
    return undefined;
  } catch (error) {
    if (process.env['CI']) throw error;
    return String(error).split('\n')[0] ?? '';
  }
}
