/** Where a message keeps its unknown fields: a property that a spread, a loop over the keys and JSON do not show. */
export const unknownFields: unique symbol = /* @__PURE__ */ Symbol.for("callwire.unknownFields");
