module.exports = {
  mode: "production",
  target: "node20",
  entry: "./call.mjs",
  output: { path: require("node:path").resolve("out"), filename: "webpack.cjs" },
};
