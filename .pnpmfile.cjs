/** What is installed of a package that needs less, or other things, than it says. */
module.exports = {
  hooks: {
    readPackage(manifest) {
      // One file of it is used, which has everything in it: the 100 packages of its other files, 77 MB, are left out.
      if (manifest.name === "redoc") Object.assign(manifest, { dependencies: {}, peerDependencies: {} });
      // It works by the compiler's functions, which TypeScript 7 does not have.
      if (manifest.name === "openapi-typescript") {
        manifest.dependencies.typescript = "5.4.5";
        delete manifest.peerDependencies.typescript;
      }
      return manifest;
    },
  },
};
