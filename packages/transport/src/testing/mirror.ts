import { Payload } from "./gen/grpc/testing/interop.js";

/** Answers a payload with the same payload. */
export const mirrorDefinition = {
  name: "Mirror",
  fullName: "callwire.testing.Mirror",
  methods: {
    mirror: {
      name: "Mirror",
      requestType: Payload,
      requestStream: false,
      responseType: Payload,
      responseStream: false,
      options: {},
    },
    mirrorAll: {
      name: "MirrorAll",
      requestType: Payload,
      requestStream: true,
      responseType: Payload,
      responseStream: true,
      options: {},
    },
  },
} as const;
