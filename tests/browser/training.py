"""A server of learners with personal links, and somebody at it with a socket and no manners."""

from __future__ import annotations

import datetime as dt
import http.client
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from phbkit.cohort.links import Links
from phbkit.cohort.register import Register, open_register
from phbkit.records.learners import Learner
from tests.browser.served import Served
from tests.serving.wire import kernel_in

FORM = "application/x-www-form-urlencoded"
PEOPLE = (
    Learner("ann", "Ann Example", "spring"),
    Learner("ben", "Ben Example", "spring"),
    Learner("cat", "<b onclick=alert(1)>Cat</b>", "spring"),
    Learner("dan", "Dan Elsewhere", "autumn"),
    Learner("tess", "Tess Trainer", "spring", "trainer"),
)
DAY = dt.timedelta(days=1)
SECRET = "s" * 48  # that of the links, and one of the operators' own


@dataclass
class Training(Served):
    """One `phb serve` for learners who were sent links."""

    def __post_init__(self) -> None:
        secrets = {"PHB_LINK_KEY": SECRET, "PHB_OPERATORS_SECRET": SECRET}
        self.env = {"PHB_SIGN_IN": "links", **secrets, **self.env}
        super().__post_init__()

    def forget_everybody(self) -> None:
        for learner in self.learners.all():
            self.learners.erase(learner.id)

    @property
    def learners(self) -> Register:
        return open_register(self.database)

    @property
    def links(self) -> Links:
        return Links(SECRET)

    def invite(self, *people: Learner, until: dt.timedelta = DAY, again: bool = False) -> list[str]:
        """Invite people and return the tokens of their links."""
        end = dt.datetime.now(tz=dt.UTC) + until
        made = self.learners.invite(people, end, again=again)
        return [self.links.token(each.id) for each in made]

    def visitor(self, learner: Learner | None = None) -> Visitor:
        """Come as a learner who has opened their link, or as nobody."""
        visitor = Visitor(self)
        if learner:
            [token] = self.invite(learner)
            came = visitor.post(f"/enter/{token}")
            assert (came.status, visitor.cookies.keys()) == (303, {"_xsrf", "phb-learner"})
        return visitor


@dataclass
class Answer:
    """What came back over HTTP."""

    status: int
    text: str
    headers: http.client.HTTPMessage

    @property
    def kernel(self) -> str:
        """The kernel that plays the page."""
        return kernel_in(self.text)


@dataclass
class Visitor:
    """Whoever holds some cookies and can write any request."""

    served: Training
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(
        self, path: str, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> Answer:
        """Send one request with the cookies, and keep those that are set."""
        line = http.client.HTTPConnection("127.0.0.1", self.served.port, timeout=90)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            named.setdefault("Cookie", self.cookie)
        try:
            line.request(method, path, body, named)
            reply = line.getresponse()
            answer = Answer(reply.status, reply.read().decode("utf-8", "replace"), reply.headers)
        finally:
            line.close()
        for told in reply.headers.get_all("Set-Cookie") or []:
            name, _, value = told.partition(";")[0].partition("=")
            self.cookies[name] = value.strip('"')
            if not self.cookies[name]:
                del self.cookies[name]
        return answer

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def post(self, path: str, values: dict[str, str] | None = None, **headers: str) -> Answer:
        """Post a form with the token that a page of ours gives."""
        if "_xsrf" not in self.cookies:
            self.ask("/review")
        body = urlencode({"_xsrf": self.cookies["_xsrf"], **(values or {})}).encode()
        return self.ask(path, "POST", body, Content_Type=FORM, **headers)

    def kernel(self, module: str = "know_the_deal") -> str:
        """Open a module and return its kernel's id."""
        return self.ask(f"/module/{module}").kernel

    def headers(self) -> dict[str, Any]:
        """The headers of a WebSocket request from this visitor."""
        return {"Cookie": self.cookie} if self.cookies else {}
