import { expect, test } from "@jest/globals";
import { NO_PYTHON, python, PYTHON_OK, pythonUsersClient } from "./python-users-client.js";
import { startUsersService } from "./users-service-process.js";

const name = "a Python client made from the seed's contract makes every call";

const command = python;
if (command) {
  test(name, async () => {
    using client = await pythonUsersClient(command);
    await using service = await startUsersService();
    // unittest writes to stderr: shown, if it fails.
    expect(await client.callAll(service.address)).toEqual({
      code: 0,
      stderr: expect.stringMatching(PYTHON_OK),
    });
  });
} else {
  process.stderr.write(`SKIPPED: ${name}; ${NO_PYTHON}\n`);
  test.skip(`${name} (${NO_PYTHON})`, () => {});
}
