import { createClient } from "@callwire/client-sdk";
import { GreeterServiceDefinition } from "./gen/greeter/v1/greeter_service.js";

const { ADDRESS = "127.0.0.1:50051", TOKEN = "development" } = process.env;
const [, , name = "world"] = process.argv;

await using greeter = createClient(GreeterServiceDefinition, { address: ADDRESS, token: TOKEN });
const { greeting } = await greeter.greet({ name });
console.log(greeting);
