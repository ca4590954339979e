// Serves a folder on localhost: node serve.mjs FOLDER [PORT]
import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".json": "application/json",
};

const [folder, port = "8080"] = process.argv.slice(2);
if (folder === undefined) {
  console.error("usage: node serve.mjs FOLDER [PORT]");
  process.exit(2);
}
const server = createServer((request, response) => {
  const path = normalize(decodeURIComponent(new URL(request.url, "http://localhost").pathname));
  const file = join(folder, path.endsWith("/") ? join(path, "index.html") : path);
  try {
    if (!file.startsWith(normalize(folder)) || !statSync(file).isFile()) {
      throw new Error("no file");
    }
  } catch {
    response.writeHead(404, { "content-type": "text/plain" }).end("There is no such file.\n");
    return;
  }
  response.writeHead(200, { "content-type": types[extname(file)] ?? "application/octet-stream" });
  createReadStream(file).pipe(response);
});
server.listen(Number(port), "127.0.0.1", () => {
  console.log(`The page is at http://localhost:${server.address().port}/ (Ctrl-C ends it)`);
});
