"""An OpenID provider on this computer: discovery document, keys, authorisation and token endpoint, with id_tokens that
are signed, and as wrong as a test asks. It asks nobody for a password.
"""

import base64
import contextlib
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "lesionlab", "a secret of the stand-in"
_ALGORITHM, _BITS = "RS256", 2048


def _new_key() -> RSAKey:
    return RSAKey.generate_key(_BITS, {"kid": "the-only-one", "alg": _ALGORITHM, "use": "sig"})


@dataclass
class Provider:
    """Who logs in next, and what is wrong about it; a test changes it at any time.

    Attributes:
        claims: of the person, added to those that every id_token has; they replace these.
        forged: whether the next id_token is signed by a key that the provider does not publish.
        asked: paths of the requests, in order.
    """

    port: int = 0
    claims: dict[str, object] = field(default_factory=dict)
    forged: bool = False
    asked: list[str] = field(default_factory=list)
    key: RSAKey = field(default_factory=_new_key)
    other_key: RSAKey = field(default_factory=_new_key)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def metadata_url(self) -> str:
        return f"{self.issuer}/.well-known/openid-configuration"

    def metadata(self) -> dict[str, object]:
        """OpenID Connect Discovery 1.0, section 3."""
        return {
            "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [_ALGORITHM], "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        }

    def code_for(self, asked: dict[str, str]) -> str:
        """A code for what an authorisation request asked for; it is given out once."""
        code = secrets.token_urlsafe()
        self.codes[code] = asked
        return code

    def tokens(self, given: dict[str, str], login: str) -> dict[str, object] | None:
        """What the token endpoint answers; None where code, client or proof key (RFC 7636) are not the right ones."""
        asked = self.codes.pop(given.get("code", ""), None)
        right = f"Basic {base64.b64encode(f'{CLIENT}:{SECRET}'.encode()).decode()}"
        digest = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or login != right or asked.get("code_challenge") != challenge:
            return None
        now = int(time.time())
        claims = {"iss": self.issuer, "sub": "1", "aud": CLIENT, "iat": now, "exp": now + 300,
                  "nonce": asked.get("nonce"), **self.claims}
        key = self.other_key if self.forged else self.key
        signed = jwt.encode({"alg": _ALGORITHM, "kid": self.key.kid}, claims, key)
        return {"access_token": secrets.token_urlsafe(), "token_type": "Bearer", "expires_in": 300, "id_token": signed}


class _Handler(BaseHTTPRequestHandler):
    provider: Provider

    def log_message(self, format: str, *arguments) -> None:
        pass

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        self.provider.asked.append(asked.path)
        if asked.path == "/authorize":
            query = {name: values[0] for name, values in parse_qs(asked.query).items()}
            back = urlencode({"code": self.provider.code_for(query), "state": query["state"]})
            self._answer(302, b"", Location=f"{query['redirect_uri']}?{back}")
        elif asked.path == "/keys":
            self._json({"keys": [self.provider.key.as_dict(private=False)]})
        elif self.provider.metadata_url.endswith(asked.path):
            self._json(self.provider.metadata())
        else:
            self._answer(404, b"")

    def do_POST(self) -> None:
        self.provider.asked.append(self.path)
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        given = {name: values[0] for name, values in parse_qs(body).items()}
        tokens = self.provider.tokens(given, self.headers.get("Authorization", ""))
        self._json(tokens or {"error": "invalid_grant"}, 200 if tokens else 400)

    def _json(self, content: dict[str, object], status: int = 200) -> None:
        self._answer(status, json.dumps(content).encode(), **{"Content-Type": "application/json"})

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextlib.contextmanager
def stand_in_provider() -> Iterator[Provider]:
    """A running provider on a free port."""
    provider = Provider()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"provider": provider}))
    provider.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
