"""A learning platform that launches by LTI 1.3: as little of one as a hub can be launched from."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT = "phbkit-tests"
DEPLOYMENT = "1"
_CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"


@dataclass
class Platform:
    """Where learners are signed in already; each launch signs in `learner`."""

    url: str
    hub: str
    learner: str = "learner-1"

    def __post_init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.forging = False

    @property
    def environment(self) -> dict[str, str]:
        """What the hub has to be told of this platform."""
        return {
            "LTI_ISSUER": self.url,
            "LTI_CLIENT_ID": CLIENT,
            "LTI_AUTHORIZE_URL": f"{self.url}/authorize",
            "LTI_JWKS_URL": f"{self.url}/keys",
            "LTI_SCHEME": "http",
        }

    def launch(self) -> str:
        """The address that a learner's click on the platform's page goes to."""
        asked = {
            "iss": self.url,
            "login_hint": self.learner,
            "target_link_uri": f"{self.hub}/hub",
            "lti_deployment_id": DEPLOYMENT,
            "client_id": CLIENT,
            "lti_message_hint": "1",
        }
        return f"{self.hub}/hub/lti13/oauth_login?{urlencode(asked)}"

    def keys(self) -> str:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return json.dumps({"keys": [{**public, "kid": "k", "alg": "RS256", "use": "sig"}]})

    def answer(self, asked: dict[str, str]) -> str:
        """The page that sends the browser back to the hub with a signed token."""
        now = int(time.time())
        token = {
            "iss": self.url, "aud": CLIENT, "sub": self.learner, "iat": now, "exp": now + 300,
            "nonce": asked["nonce"], "azp": CLIENT, "jti": uuid.uuid4().hex,
            f"{_CLAIM}message_type": "LtiResourceLinkRequest", f"{_CLAIM}version": "1.3.0",
            f"{_CLAIM}deployment_id": DEPLOYMENT,
            f"{_CLAIM}target_link_uri": f"{self.hub}/hub",
            f"{_CLAIM}resource_link": {"id": "phbkit"},
            f"{_CLAIM}roles": ["http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"],
        }  # fmt: skip
        signed = self.other if self.forging else self.key
        made = jwt.encode(token, signed, algorithm="RS256", headers={"kid": "k"})
        return (
            f'<form method="post" action="{asked["redirect_uri"]}">'
            f'<input name="id_token" value="{made}"><input name="state" value="{asked["state"]}">'
            "<button>Go on</button></form>"
        )


@contextmanager
def platform(port: int, hub: str) -> Iterator[Platform]:
    """Run a platform on loopback."""
    there = Platform(f"http://127.0.0.1:{port}", hub)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            asked = {name: values[0] for name, values in parse_qs(url.query).items()}
            is_keys = url.path == "/keys"
            body = there.keys() if is_keys else there.answer(asked)
            self.send_response(200)
            self.send_header("Content-Type", "application/json" if is_keys else "text/html")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield there
    finally:
        server.shutdown()
        server.server_close()
