import type { AnyFieldType, MessageField } from "@callwire/protobuf";
import { setField, valueOf, type AnyMessageType, type Properties } from "./field-path.js";

/** The type for bodies that are no JSON. */
const TYPE_NAME = "google.api.HttpBody";

/** The media type of a body that does not say what it is. */
const UNKNOWN_TYPE = "application/octet-stream";

/** What may stand in a header field (RFC 9110, section 5.5), in ASCII. */
const FIELD_VALUE = /^[!-~](?:[ -~]*[!-~])?$/;

/** A body as HTTP has it. */
export interface RawBody {
  readonly type: string;
  readonly body: Uint8Array;
}

/** Reads and makes messages of google.api.HttpBody, of whatever generated code. */
export class HttpBodyType {
  readonly #type: AnyMessageType;
  readonly #contentType: MessageField;
  readonly #data: MessageField;

  private constructor(type: AnyMessageType) {
    const fields = type.fields()!.byKey;
    this.#type = type;
    this.#contentType = fields.get("content_type")!;
    this.#data = fields.get("data")!;
  }

  /** Undefined for any other type. */
  static of(type: AnyFieldType): HttpBodyType | undefined {
    const { typeName } = type as Partial<AnyMessageType>;
    return typeName === TYPE_NAME ? new HttpBodyType(type as AnyMessageType) : undefined;
  }

  make({ type, body }: RawBody): Properties {
    const message = this.#type.create() as Properties;
    setField(message, this.#contentType, type);
    setField(message, this.#data, body);
    return message;
  }

  /** @param message Undefined for one that is not there. */
  read(message: Properties | undefined): RawBody {
    const type = message && valueOf(message, this.#contentType);
    const data = message && valueOf(message, this.#data);
    return {
      type: typeof type === "string" && FIELD_VALUE.test(type) ? type : UNKNOWN_TYPE,
      body: data instanceof Uint8Array ? data : new Uint8Array(0),
    };
  }
}
