/** Frame types (RFC 9113, section 6). Plain constants: the hot path compares against them. */
export const FRAME_DATA = 0x0;
export const FRAME_HEADERS = 0x1;
export const FRAME_PRIORITY = 0x2;
export const FRAME_RST_STREAM = 0x3;
export const FRAME_SETTINGS = 0x4;
export const FRAME_PUSH_PROMISE = 0x5;
export const FRAME_PING = 0x6;
export const FRAME_GOAWAY = 0x7;
export const FRAME_WINDOW_UPDATE = 0x8;
export const FRAME_CONTINUATION = 0x9;

/** Frame flags (RFC 9113, section 6). */
export const FLAG_END_STREAM = 0x1;
export const FLAG_ACK = 0x1;
export const FLAG_END_HEADERS = 0x4;
export const FLAG_PADDED = 0x8;
export const FLAG_PRIORITY = 0x20;

/** Settings (RFC 9113, section 6.5.2). */
export const SETTING_HEADER_TABLE_SIZE = 0x1;
export const SETTING_ENABLE_PUSH = 0x2;
export const SETTING_MAX_CONCURRENT_STREAMS = 0x3;
export const SETTING_INITIAL_WINDOW_SIZE = 0x4;
export const SETTING_MAX_FRAME_SIZE = 0x5;
export const SETTING_MAX_HEADER_LIST_SIZE = 0x6;
/** RFC 8441, section 3. */
export const SETTING_ENABLE_CONNECT_PROTOCOL = 0x8;

/** Length of a frame's header (RFC 9113, section 4.1). */
export const FRAME_HEADER_LENGTH = 9;
/** The smallest maximum of a frame's payload, which every peer takes (RFC 9113, section 4.2). */
export const MIN_MAX_FRAME_SIZE = 16_384;
/** The largest maximum of a frame's payload that a peer may set (RFC 9113, section 4.2). */
export const LARGEST_MAX_FRAME_SIZE = 16_777_215;
/** Every window before SETTINGS and WINDOW_UPDATE change it (RFC 9113, section 6.9.2). */
export const DEFAULT_WINDOW_SIZE = 65_535;
/** The largest window (RFC 9113, section 6.9.1), and the largest stream id. */
export const MAX_31_BITS = 0x7fff_ffff;
/** The largest value of a setting (RFC 9113, section 6.5.1). */
export const MAX_32_BITS = 0xffff_ffff;

/** The first bytes of a client (RFC 9113, section 3.4). */
export const CLIENT_PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");
