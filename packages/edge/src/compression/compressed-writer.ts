import type { ResponseWriter } from "../http/exchange.js";
import { contentOf, type Part } from "../http/shared-part.js";
import type { Compressor } from "./codings.js";

/** Compresses a stream of responses. What is written can be read at once: nothing waits for more. */
export class CompressedWriter implements ResponseWriter {
  readonly #writer: ResponseWriter;
  readonly #compressor: Compressor;
  /** Set while the client must take some of what was written first. */
  #waiting: Promise<void> | undefined;

  constructor(writer: ResponseWriter, compressor: Compressor) {
    this.#writer = writer;
    this.#compressor = compressor;
    compressor
      .on("data", (bytes: Uint8Array) => void (this.#waiting = writer.write(bytes)))
      .on("end", () => writer.end());
  }

  write(part: Part): Promise<void> {
    return new Promise((resolve) => {
      this.#compressor.write(contentOf(part));
      this.#compressor.flush(() => resolve(this.#waiting));
    });
  }

  end(): void {
    this.#compressor.end();
  }

  breakOff(): void {
    this.#compressor.destroy();
    this.#writer.breakOff();
  }
}
