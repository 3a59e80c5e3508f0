// protobuf's JSON format by hand: JSON's own functions, and the conversions of what JSON has no form for. Each type has the
// literal that is quickest to make and to write.
import { Stage, type Card, type Line, type Order } from "../../gen/codec/callwire/bench/codec/v1/nested.js";
import type { Numbers } from "../../gen/codec/callwire/bench/codec/v1/numbers.js";
import type { Text } from "../../gen/codec/callwire/bench/codec/v1/text.js";
import {
  Department,
  type ListUsersResponse,
  type User,
} from "../../gen/codec/callwire/users/user_service.js";
import { coder, type Codec, type Coder, type RowName } from "../codec.js";
import { codec as callwire } from "./callwire.js";

type UserJson = ReturnType<typeof userToJson>;
type NumbersJson = ReturnType<typeof numbersToJson>;
type CardJson = ReturnType<typeof cardToJson>;
type LineJson = ReturnType<typeof lineToJson>;
type OrderJson = ReturnType<typeof orderToJson>;

/** An enum's names by their numbers, which are its positions here. */
const namesOf = <E extends object>(type: E): (keyof E)[] => Object.keys(type) as (keyof E)[];
const departments = namesOf(Department);
const stages = namesOf(Stage);

function userToJson(user: User) {
  return {
    id: user.id,
    name: user.name,
    email: user.email,
    age: user.age,
    department: departments[user.department]!,
    roles: user.roles,
    createdAt: user.createdAt?.toISOString(),
    updatedAt: user.updatedAt?.toISOString(),
    etag: user.etag,
  };
}

function userFromJson(json: UserJson): User {
  return {
    id: json.id,
    name: json.name,
    email: json.email,
    age: json.age,
    department: Department[json.department],
    roles: json.roles,
    createdAt: dateFromJson(json.createdAt),
    updatedAt: dateFromJson(json.updatedAt),
    etag: json.etag,
  };
}

function dateFromJson(text: string | undefined): Date | undefined {
  return text === undefined ? undefined : new Date(text);
}

function pageToJson({ users, nextPageToken, totalCount }: ListUsersResponse) {
  return { users: users.map(userToJson), nextPageToken, totalCount };
}

function pageFromJson({
  users,
  nextPageToken,
  totalCount,
}: ReturnType<typeof pageToJson>): ListUsersResponse {
  return { users: users.map(userFromJson), nextPageToken, totalCount };
}

function numbersToJson(numbers: Numbers) {
  return {
    latitude: numbers.latitude,
    temperature: numbers.temperature,
    offset: numbers.offset,
    position: String(numbers.position),
    sequence: numbers.sequence,
    bytes: String(numbers.bytes),
    delta: numbers.delta,
    drift: String(numbers.drift),
    checksum: numbers.checksum,
    device: String(numbers.device),
    left: numbers.left,
    right: String(numbers.right),
    valid: numbers.valid,
    counts: numbers.counts,
    deltas: numbers.deltas.map(String),
    samples: numbers.samples,
    levels: numbers.levels,
    ports: numbers.ports,
  };
}

function numbersFromJson(json: NumbersJson): Numbers {
  return {
    latitude: json.latitude,
    temperature: json.temperature,
    offset: json.offset,
    position: BigInt(json.position),
    sequence: json.sequence,
    bytes: BigInt(json.bytes),
    delta: json.delta,
    drift: BigInt(json.drift),
    checksum: json.checksum,
    device: BigInt(json.device),
    left: json.left,
    right: BigInt(json.right),
    valid: json.valid,
    counts: json.counts,
    deltas: json.deltas.map(BigInt),
    samples: json.samples,
    levels: json.levels,
    ports: json.ports,
  };
}

function orderToJson(order: Order) {
  const { payment } = order;
  return {
    id: order.id,
    stage: stages[order.stage]!,
    createdAt: order.createdAt?.toISOString(),
    labels: Object.fromEntries(order.labels),
    totals: Object.fromEntries(Array.from(order.totals, ([key, total]) => [key, String(total)])),
    lines: Object.fromEntries(Array.from(order.lines, ([key, line]) => [key, lineToJson(line)])),
    card: payment?.$case === "card" ? cardToJson(payment.value) : undefined,
    voucher: payment?.$case === "voucher" ? payment.value : undefined,
    discount: order.discount,
    signature: Buffer.from(order.signature).toString("base64"),
    category: order.category,
  };
}

function orderFromJson(json: OrderJson): Order {
  return {
    id: json.id,
    stage: Stage[json.stage],
    createdAt: dateFromJson(json.createdAt),
    labels: new Map(Object.entries(json.labels)),
    totals: new Map(Object.entries(json.totals).map(([key, total]) => [key, BigInt(total)])),
    lines: new Map(Object.entries(json.lines).map(([key, line]) => [Number(key), lineFromJson(line)])),
    payment: paymentFromJson(json),
    discount: json.discount,
    signature: Buffer.from(json.signature, "base64"),
    category: json.category,
  };
}

function paymentFromJson({ card, voucher }: OrderJson): Order["payment"] {
  if (card !== undefined) return { $case: "card", value: cardFromJson(card) };
  return voucher === undefined ? undefined : { $case: "voucher", value: voucher };
}

function lineToJson({ product, quantity, price, notes, size }: Line) {
  return { product, quantity, price: String(price), notes, size };
}

function lineFromJson({ product, quantity, price, notes, size }: LineJson): Line {
  return { product, quantity, price: BigInt(price), notes, size };
}

function cardToJson({ holder, number, expiresAt }: Card) {
  return { holder, number, expiresAt: expiresAt?.toISOString() };
}

function cardFromJson({ holder, number, expiresAt }: CardJson): Card {
  return { holder, number, expiresAt: dateFromJson(expiresAt) };
}

function functions<M extends object, J>(toJson: (message: M) => J, fromJson: (json: J) => M): Coder {
  return coder(
    (message: M) => JSON.stringify(toJson(message)),
    (text: string) => fromJson(JSON.parse(text) as J),
  );
}

/** Text needs no conversion. */
const text = (): Coder =>
  coder(
    (message: Text) => JSON.stringify(message),
    (json: string) => JSON.parse(json) as Text,
  );

const coders: Record<RowName, () => Coder> = {
  user: () => functions(userToJson, userFromJson),
  page: () => functions(pageToJson, pageFromJson),
  numbers: () => functions(numbersToJson, numbersFromJson),
  nested: () => functions(orderToJson, orderFromJson),
  text,
  "text-utf8": text,
};

/** It is given callwire's messages. */
export const codec: Codec = { native: callwire.native, coder: (row) => coders[row]() };
