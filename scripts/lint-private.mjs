// Adds a rule to oxlint: a member for its own class alone is `#name`, which a cast cannot reach. A constructor may be private.
const noPrivateKeyword = {
  create(context) {
    const check = (node) => {
      if (node.accessibility === "private" && node.kind !== "constructor") {
        context.report({ node, message: "Write #name, not `private name`." });
      }
    };
    return {
      PropertyDefinition: check,
      MethodDefinition: check,
      AccessorProperty: check,
      TSParameterProperty: check,
    };
  },
};

export default { meta: { name: "callwire" }, rules: { "no-private-keyword": noPrivateKeyword } };
