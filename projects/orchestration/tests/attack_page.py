"""A page of another origin that tries, in each way a browser knows, to start a run of `ui` and to read from it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

from shared.testing.http import answering

# What no request may bring about: an asset that nobody has.
PLANTED = "planted"
# Everything that has come of it stands in `found`; `done` when nothing more will.
PAGE = """<!doctype html><title>attack</title><body><script>
const target = TARGET, mutation = MUTATION, asked = target + "/graphql?query=" + encodeURIComponent(mutation);
const body = JSON.stringify({query: mutation}), found = [], tries = [];
const tried = start => tries.push(new Promise(end => { start(end); setTimeout(end, 5000); }));
const add = (name, fields, end) => {
  const element = Object.assign(document.createElement(name), fields);
  element.addEventListener("load", end);
  element.addEventListener("error", end);
  return document.body.appendChild(element);
};
for (const src of [asked, target + "/favicon.png"])
  tried(end => add("img", {src}, event => { if (event.type === "load") found.push("image: " + src); end(); }));
for (const src of [asked, target + "/graphql"])
  tried(end => add("script", {src}, event => { if (event.type === "load") found.push("script: " + src); end(); }));
for (const [number, enctype] of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"].entries())
  tried(end => {
    add("iframe", {name: "form-" + number}, () => {});
    const form = add("form", {method: "POST", enctype, action: asked, target: "form-" + number}, () => {});
    const name = enctype === "text/plain" ? body.slice(0, -1) + ', "x": "' : "query";
    const input = Object.assign(document.createElement("input"), {name, value: name === "query" ? mutation : '"}'});
    form.appendChild(input);
    form.submit();
    setTimeout(end, 1000);
  });
const sends = (address, options, what) => tried(end =>
  fetch(address, {method: "POST", credentials: "include", ...options})
    .then(answer => answer.text()).then(text => { if (text) found.push(what + ": " + text); })
    .catch(() => {}).then(end));
for (const type of ["text/plain", "text/plain; application/json", "application/x-www-form-urlencoded"])
  for (const mode of ["no-cors", "cors"])
    sends(asked, {mode, body, headers: {"Content-Type": type}}, mode + " " + type);
sends(asked, {mode: "cors", body, headers: {"Content-Type": "application/json"}}, "cors json");
for (const mode of ["no-cors", "cors"]) {
  sends(asked, {mode, method: "GET"}, "get " + mode);
  sends(target + "/server_info", {mode, method: "GET"}, "info " + mode);
  sends(target + "/report_asset_materialization/PLANTED", {mode, body: "{}"}, "report " + mode);
}
tried(end => navigator.sendBeacon(asked, new Blob([body], {type: "text/plain"})) && setTimeout(end, 1000));
tried(end => {
  const socket = new WebSocket(target.replace("http", "ws") + "/graphql", "graphql-ws");
  socket.onopen = () => { found.push("socket: open"); socket.send('{"type": "connection_init"}'); };
  socket.onmessage = message => { found.push("socket: " + message.data); end(); };
  socket.onerror = end;
});
tried(end => add("iframe", {name: "framed", src: target + "/runs"}, end));
var done = false;
Promise.all(tries).then(() => { done = true; });
</script>"""


@contextmanager
def attacking(target: str, mutation: str) -> Iterator[int]:
    """Serve the page on a port of this machine, which it returns.

    Args:
        target: The address of `ui`, without its token.
        mutation: What starts a run.
    """
    values = {"TARGET": json.dumps(target), "MUTATION": json.dumps(mutation), "PLANTED": PLANTED}
    page = PAGE
    for name, value in values.items():
        page = page.replace(name, value)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Answer with the page."""
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, format: str, *arguments: object) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with answering(server):
        yield server.server_port


def link_to(target: str, mutation: str) -> str:
    """Return the address that a link of such a page leads to."""
    return f"{target}/graphql?query={quote(mutation)}"
