"""A peer made of the Python package websockets.

It is a client after "dial" and a server after "listen". Commands come in on
standard input, events go out on standard output, one line of JSON each.
Octets travel in base64.
"""

import asyncio
import base64
import http
import json
import ssl
import sys
import tempfile
import threading
import traceback

import websockets

out = threading.Lock()


def say(**event):
    with out:
        sys.stdout.write(json.dumps(event) + "\n")
        sys.stdout.flush()


def encode(data):
    return base64.b64encode(data).decode()


def decode(text):
    return base64.b64decode(text or "")


class Peer:
    def __init__(self):
        self.ws = None
        self.server = None
        self.tasks = set()

    async def dial(self, url, protocols=None, origin=None, limit=None, cert=None):
        options = self.options(limit)
        if cert:
            options["ssl"] = ssl.create_default_context(cadata=cert)
        try:
            ws = await websockets.connect(url, subprotocols=protocols, origin=origin, **options)
        except websockets.InvalidStatusCode as err:
            say(event="failed", status=err.status_code, header=dict(err.headers.raw_items()), text=str(err))
        except Exception as err:
            say(event="failed", text=str(err))
        else:
            self.start(self.serve(ws))

    async def listen(self, protocols=None, limit=None, cert=None, key=None):
        options = self.options(limit)
        if cert:
            options["ssl"] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
                file.write(cert + key)
                file.flush()
                options["ssl"].load_cert_chain(file.name)
        self.server = await websockets.serve(
            self.serve, "127.0.0.1", 0,
            subprotocols=protocols, process_request=self.process, **options
        )
        port = self.server.sockets[0].getsockname()[1]
        say(event="listening", text=f"{'wss' if cert else 'ws'}://127.0.0.1:{port}")

    @staticmethod
    def options(limit):
        return dict(max_size=limit, ping_interval=None, close_timeout=5, compression="deflate")

    @staticmethod
    async def process(path, headers):
        if path == "/refuse":
            fields = {"WWW-Authenticate": 'Bearer realm="interop"', "Content-Type": "text/plain"}
            return http.HTTPStatus.UNAUTHORIZED, fields, b"who are you?\n"
        if path == "/redirect":
            return http.HTTPStatus.FOUND, {"Location": "/elsewhere"}, b""
        return None

    async def serve(self, ws):
        """Reports what happens on a connection, until it ends."""
        self.ws = ws
        extensions = ", ".join(e.name for e in ws.extensions)
        say(event="open", protocol=ws.subprotocol or "", extensions=extensions)
        text = ""
        try:
            while True:
                data = await ws.recv()
                if isinstance(data, str):
                    say(event="message", type="text", data=encode(data.encode()))
                else:
                    say(event="message", type="binary", data=encode(data))
        except websockets.ConnectionClosed as err:
            text = str(err.__cause__ or "")
        await ws.wait_closed()
        clean = ws.close_rcvd is not None and ws.close_sent is not None
        say(event="closed", code=ws.close_code, reason=ws.close_reason, clean=clean, text=text)

    async def send(self, type, data=None):
        payload = decode(data)
        await self.ws.send(payload.decode() if type == "text" else payload)

    async def fragments(self, type, parts):
        async def each():
            for i, part in enumerate(parts):
                payload = decode(part)
                yield payload.decode() if type == "text" else payload
                if i == 0:
                    await self.ping(encode(b"between"))

        await self.ws.send(each())

    async def ping(self, data=None):
        payload = decode(data)
        answered = await self.ws.ping(payload)
        answered.add_done_callback(
            lambda done: None if done.exception() else say(event="pong", data=encode(payload))
        )

    async def raw(self, data=None):
        self.ws.transport.write(decode(data))

    async def close(self, code=1000, reason=""):
        self.start(self.ws.close(code, reason))  # it waits for the other end

    async def drop(self):
        self.ws.transport.abort()

    def start(self, work):
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def perform(self, command):
        action = command.pop("do")
        try:
            await getattr(self, action)(**command)
        except Exception:
            say(event="trouble", text=f"{action}: {traceback.format_exc()}")


async def main():
    loop = asyncio.get_running_loop()
    commands = asyncio.Queue()

    def read():
        for line in sys.stdin:
            loop.call_soon_threadsafe(commands.put_nowait, json.loads(line))
        loop.call_soon_threadsafe(commands.put_nowait, None)

    threading.Thread(target=read, daemon=True).start()
    peer = Peer()
    while (command := await commands.get()) is not None:
        await peer.perform(command)


asyncio.run(main())
