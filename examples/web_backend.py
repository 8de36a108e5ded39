"""An HTTP endpoint that asks before it calls a model, and answers a refusal with Retry-After.

    python examples/web_backend.py

Starts the endpoint on a free port, sends it requests as a browser would and prints the answers. Needs an
authority at ALMONER_SERVER, by default 127.0.0.1:50051.
"""

import json
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from almoner import Period, QuotaBusy, Refused, Target, new_id
from almoner.blocking import Client

MOST_A_REPLY_COSTS = "0.50"


@dataclass
class Reply:
    """What a model's API gives back."""

    text: str
    cost: float


def call_the_model(prompt: str) -> Reply:
    return Reply(text=f"You said: {prompt}", cost=0.40)


class Endpoint(BaseHTTPRequestHandler):
    """Answers POST / with a body of {"user", "chat", "prompt"}. One client serves all threads."""

    quota: Client

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        try:
            with self.quota.hold(
                user=asked["user"], chat=asked["chat"], usd=MOST_A_REPLY_COSTS, messages=1
            ) as hold:
                reply = call_the_model(asked["prompt"])
                hold.commit(usd=reply.cost, messages=1)
        except Refused as refused:
            # Somebody with another request in flight may try again in a moment; whose money is spent may not.
            response = refused.http_response(429 if isinstance(refused, QuotaBusy) else 402)
            self.answer(response.status, response.headers, response.body)
        else:
            self.answer(200, {"Content-Type": "application/json"}, {"text": reply.text})

    def answer(self, status: int, headers: dict[str, str], body: dict[str, object]) -> None:
        payload = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(payload))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, *_: object) -> None:
        """Keep the output to what `ask` prints."""


def ask(url: str, user: str, prompt: str) -> None:
    body = json.dumps({"user": user, "chat": f"{user}-1", "prompt": prompt}).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body)) as response:
            print(f"{user}: {response.status} {json.load(response)['text']}")
    except urllib.error.HTTPError as error:
        problem = json.load(error)
        print(f"{user}: {error.code} {problem['title']}, Retry-After: {error.headers['Retry-After']} s")


def main() -> None:
    with Client(namespace=f"web-backend-{new_id()}") as quota:
        quota.admin.create_namespace(quota.namespace, units=["usd_micros", "messages"])
        everybody = Target.namespace_default()
        quota.admin.set_limit(everybody, unit="usd", period=Period.DAY, amount="1.00")
        quota.admin.set_limit(everybody, unit="in_flight", period=Period.LIFETIME, amount=1)
        Endpoint.quota = quota
        with ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            url = f"http://127.0.0.1:{server.server_port}"
            for prompt in ("hello", "again", "once more"):
                ask(url, "ann", prompt)
            with quota.hold(user="ben", usd=MOST_A_REPLY_COSTS) as other_tab:
                ask(url, "ben", "hello")
                other_tab.release()
            ask(url, "ben", "hello")
            server.shutdown()


if __name__ == "__main__":
    main()
