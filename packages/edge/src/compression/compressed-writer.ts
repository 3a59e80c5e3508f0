import type { Exchange, ResponseWriter } from "../http/exchange.js";
import type { Compressor } from "./codings.js";

/** Compresses a stream of responses. What is written can be read at once: nothing waits for more. */
export class CompressedWriter implements ResponseWriter {
  readonly #writer: ResponseWriter;
  readonly #compressor: Compressor;
  /** Set while the client must take some of what was written first. */
  #waiting: Promise<void> | undefined;

  constructor(exchange: Exchange, writer: ResponseWriter, compressor: Compressor) {
    this.#writer = writer;
    this.#compressor = compressor;
    compressor
      .on("data", (bytes: Uint8Array) => void (this.#waiting = writer.write(bytes)))
      .on("end", () => writer.end());
    exchange.onGone(() => compressor.destroy());
  }

  write(part: string | Uint8Array): Promise<void> {
    const compressor = this.#compressor;
    return new Promise((resolve) => {
      if (compressor.destroyed) return resolve();
      const done = () => {
        compressor.off("close", done);
        const waiting = this.#waiting;
        this.#waiting = undefined;
        resolve(waiting);
      };
      compressor.on("close", done);
      compressor.write(part);
      compressor.flush(done);
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
