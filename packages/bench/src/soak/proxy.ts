import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** A connection through the proxy: the client's socket, and the proxy's own to the server. */
interface Link {
  near: Socket;
  far: Socket;
}

/** The faults that can happen to a connection on its way. */
const harms: readonly ((link: Link) => void)[] = [
  // RST to both.
  ({ near, far }) => {
    near.resetAndDestroy();
    far.resetAndDestroy();
  },
  // RST to one; the other gets a FIN.
  ({ far }) => far.resetAndDestroy(),
  // Half closed, either way: nothing more comes, and what is sent still goes through.
  ({ near }) => near.end(),
  ({ far }) => far.end(),
  // Nothing is read for a while: buffers fill up on both sides.
  ({ near, far }) => {
    near.pause();
    far.pause();
    setTimeout(() => {
      near.resume();
      far.resume();
    }, 300).unref();
  },
];

/** A way to the server on which connections come to harm. */
export interface Proxy extends AsyncDisposable {
  port: number;
  /** The number of connections that were harmed. */
  readonly harmed: number;
  /** Harms one connection, in a way that chance chooses. */
  harm(): void;
}

export async function startProxy(serverPort: number): Promise<Proxy> {
  const links = new Set<Link>();
  let harmed = 0;
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = connect({ port: serverPort, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    const link = { near, far };
    links.add(link);
    const forget = (): void => {
      if (near.destroyed && far.destroyed) links.delete(link);
    };
    join(near, far, forget);
    join(far, near, forget);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    get harmed() {
      return harmed;
    },
    harm() {
      const link = [...links][Math.floor(Math.random() * links.size)];
      if (link === undefined) return;
      harmed++;
      harms[harmed % harms.length]!(link);
    },
    async [Symbol.asyncDispose]() {
      for (const { near, far } of links) {
        near.destroy();
        far.destroy();
      }
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Bytes of one side go to the other, and its end too; when one side breaks, so does the other. */
function join(from: Socket, to: Socket, closed: () => void): void {
  from.on("data", (chunk: Buffer) => {
    if (to.writable && !to.write(chunk)) {
      from.pause();
      to.once("drain", () => from.resume());
    }
  });
  from.on("end", () => to.end());
  from.on("error", () => to.destroy());
  from.on("close", () => {
    to.destroySoon();
    closed();
  });
}
