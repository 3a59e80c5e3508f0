// The contract of the tests: one method, whose messages are JSON. A service of yours has generated code instead.
const json = {
  encode: (message: object) => Buffer.from(JSON.stringify(message)),
  decode: (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString()) as { tenant?: string },
};

/** A service that says for which tenant it was called. */
export const WhoDefinition = {
  who: {
    path: "/test.WhoService/Who",
    requestStream: false,
    responseStream: false,
    requestSerialize: json.encode,
    requestDeserialize: json.decode,
    responseSerialize: json.encode,
    responseDeserialize: json.decode,
    options: {},
  },
} as const;
