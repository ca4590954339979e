// Serves the page on localhost under a path of its own: it must not care where it lies.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { site } from "./packages.mjs";

const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".wasm": "application/wasm" };
const under = "/some/where/";

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, "http://localhost");
  const name = pathname === under ? "index.html" : pathname.slice(under.length);
  try {
    if (!pathname.startsWith(under) || name.includes("..")) {
      throw new Error("no such file");
    }
    const bytes = readFileSync(join(site, name));
    response.writeHead(200, { "content-type": types[extname(name)] ?? "application/octet-stream" }).end(bytes);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
// It ends with the process.
server.unref();
server.on("connection", (socket) => socket.unref());

export const origin = `http://127.0.0.1:${server.address().port}`;
export const address = origin + under;
