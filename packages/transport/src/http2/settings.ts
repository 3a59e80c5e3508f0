import {
  DEFAULT_WINDOW_SIZE,
  LARGEST_MAX_FRAME_SIZE,
  MAX_31_BITS,
  MIN_MAX_FRAME_SIZE,
  SETTING_ENABLE_PUSH,
  SETTING_HEADER_TABLE_SIZE,
  SETTING_INITIAL_WINDOW_SIZE,
  SETTING_MAX_CONCURRENT_STREAMS,
  SETTING_MAX_FRAME_SIZE,
  SETTING_MAX_HEADER_LIST_SIZE,
} from "./constants.js";
import { ConnectionError, ErrorCode } from "./errors.js";

/** The most entries taken in one SETTINGS frame. There are six settings; a peer may add a few that we do not know. */
export const MAX_SETTINGS_ENTRIES = 64;

/** The length of one entry (RFC 9113, section 6.5.1). */
const ENTRY_LENGTH = 6;

/** The peer's settings, with the initial values of RFC 9113, section 6.5.2. */
export class PeerSettings {
  headerTableSize = 4096;
  /** The smallest of the sizes in the last SETTINGS frame. */
  smallestHeaderTableSize = 4096;
  enablePush = true;
  /** True if the peer may set {@link enablePush}: a server may not (RFC 9113, section 6.5.2). */
  mayEnablePush = true;
  maxConcurrentStreams = Infinity;
  initialWindowSize = DEFAULT_WINDOW_SIZE;
  maxFrameSize = MIN_MAX_FRAME_SIZE;
  maxHeaderListSize = Infinity;

  /**
   * Takes the payload of a SETTINGS frame, entry by entry in their order (RFC 9113, section 6.5.3).
   *
   * @throws {ConnectionError} if a value is not allowed (RFC 9113, section 6.5.2).
   */
  apply(buffer: Buffer, start: number, end: number): void {
    if ((end - start) % ENTRY_LENGTH !== 0) {
      throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, "SETTINGS is not a multiple of 6 bytes long");
    }
    if (end - start > MAX_SETTINGS_ENTRIES * ENTRY_LENGTH) {
      throw new ConnectionError(
        ErrorCode.ENHANCE_YOUR_CALM,
        `SETTINGS has more than ${MAX_SETTINGS_ENTRIES} entries`,
      );
    }
    this.smallestHeaderTableSize = this.headerTableSize;
    for (let at = start; at < end; at += ENTRY_LENGTH) {
      this.#set(buffer.readUInt16BE(at), buffer.readUInt32BE(at + 2));
    }
  }

  #set(id: number, value: number): void {
    switch (id) {
      case SETTING_HEADER_TABLE_SIZE:
        this.headerTableSize = value;
        this.smallestHeaderTableSize = Math.min(this.smallestHeaderTableSize, value);
        return;
      case SETTING_ENABLE_PUSH:
        if (value > 1 || (value === 1 && !this.mayEnablePush))
          throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, `SETTINGS_ENABLE_PUSH is ${value}`);
        this.enablePush = value === 1;
        return;
      case SETTING_MAX_CONCURRENT_STREAMS:
        this.maxConcurrentStreams = value;
        return;
      case SETTING_INITIAL_WINDOW_SIZE:
        if (value > MAX_31_BITS) {
          throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, `SETTINGS_INITIAL_WINDOW_SIZE is ${value}`);
        }
        this.initialWindowSize = value;
        return;
      case SETTING_MAX_FRAME_SIZE:
        if (value < MIN_MAX_FRAME_SIZE || value > LARGEST_MAX_FRAME_SIZE) {
          throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, `SETTINGS_MAX_FRAME_SIZE is ${value}`);
        }
        this.maxFrameSize = value;
        return;
      case SETTING_MAX_HEADER_LIST_SIZE:
        this.maxHeaderListSize = value;
        return;
      default:
      // One that we do not know must be ignored (RFC 9113, section 6.5.2).
    }
  }
}

/** The payload of a SETTINGS frame. */
export function encodeSettings(entries: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.allocUnsafe(entries.length * ENTRY_LENGTH);
  let at = 0;
  for (const [id, value] of entries) {
    at = payload.writeUInt16BE(id, at);
    at = payload.writeUInt32BE(value, at);
  }
  return payload;
}
