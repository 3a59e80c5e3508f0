import { expect, test } from "@jest/globals";
import { runWell } from "./run.js";
import { demoScript, startUsersService } from "./users-service-process.js";

test("the demo walks through every call, again and again on one database", async () => {
  await using service = await startUsersService();
  for (let time = 0; time < 2; time++) {
    const output = await runWell(process.execPath, [demoScript, service.address], {
      env: { CALLWIRE_TOKEN: undefined },
    });
    expect(output).toContain("1000 created, 1 failed");
    expect(output).toContain("deleted: Bob Example, 42");
    expect(output).toContain("Alice: I'll be going, then.");
  }
});
