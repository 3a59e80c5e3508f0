import type { EdgeMethod } from "../calls/edge-method.js";
import { hasOwnTypes, routeOf, type Route, type RouteSettings } from "../routing/route.js";

/** The routes that a WebSocket may take: those of streams, and each stream's own path, as gRPC has it. */
export function streamRoutes(
  methods: readonly EdgeMethod[],
  routes: readonly Route[],
  settings: RouteSettings,
): Route[] {
  const isStream = ({ descriptor }: EdgeMethod) => descriptor.requestStream || descriptor.responseStream;
  const own = methods
    .filter((method) => isStream(method) && hasOwnTypes(method))
    .map((method) => {
      const { path } = method.descriptor;
      return routeOf(method, path.slice(1), { method: "GET", path, body: "*" }, settings);
    });
  return [...routes.filter(({ method }) => isStream(method)), ...own].map((route) => ({
    ...route,
    // A handshake is a GET, whatever the rule says.
    logFields: {
      ...route.logFields,
      "http.request.method": "GET",
      "network.protocol.name": "websocket",
    },
  }));
}
