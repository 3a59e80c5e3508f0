/** The codecs that are measured. */
export const codecNames = ["json", "ts-proto", "protobuf-es", "callwire"] as const;
export type CodecName = (typeof codecNames)[number];

/** Nanoseconds for one user. */
export interface CodecTimes {
  encodeNs: number;
  decodeNs: number;
}
