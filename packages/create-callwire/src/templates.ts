/** The names of the templates, which are folders of `template`. */
export type TemplateName = "service" | "client" | "middleware";

/** The templates, with what they are for. */
export const templates: readonly { name: TemplateName; about: string }[] = [
  { name: "service", about: "a service with a client and tests" },
  { name: "client", about: "a program that calls a service" },
  { name: "middleware", about: "a library of middleware for servers" },
];
