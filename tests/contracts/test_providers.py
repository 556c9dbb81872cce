"""The providers against real peers: a mail server, an HTTP receiver that checks signatures, a folder."""

from __future__ import annotations

import base64
import email
import json
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from agent.dispatch.posting import Endpoint, is_public
from agent.dispatch.providers.files import FileProvider
from agent.dispatch.providers.smtp import SmtpProvider, server_of
from agent.dispatch.providers.webhook import WebhookProvider
from agent.domain.action import Kind
from agent.domain.bundle import Delivery, Effect, EffectState, Payload, Words
from agent.domain.bundle import Envelope as Sealed
from agent.domain.customer import Channel
from agent.domain.delivery import Attachment, Claim, Refused, Result, Sent, Unknown
from agent.domain.errors import InputError
from agent.domain.ids import AddressRef, CustomerId, DecisionId, EffectId, TenantId

NOW = datetime.now(UTC).replace(microsecond=0)
SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
OTHER = "whsec_" + base64.b64encode(b"abcdef0123456789abcdef0123456789").decode()


class Now:
    def now(self) -> datetime:
        return NOW


def claim(
    channel: Channel = Channel.EMAIL,
    address: str = "ann@mail.example",
    subject: str = "안녕하세요, Ann",
    body: str = "첫 줄\n.a dot at the start\nlast",
    attachments: tuple[Attachment, ...] = (),
) -> Claim:
    effect = Effect(
        effect_id=EffectId("e_1"),
        key="0" * 30 + "ab",
        customer=CustomerId("c_1"),
        decision=DecisionId("d_1"),
        kind=Kind.OFFER,
        action="recommend_product",
        channel=channel,
        address_ref=AddressRef("a_1"),
        entity="lamp",
        payload=Payload(words=Words(body=body, subject=subject)),
        due_at=NOW,
        expires_at=NOW + timedelta(days=1),
        delivery=Delivery.TACTFUL,
        state=EffectState.CLAIMED,
    )
    headers = {
        "List-Unsubscribe": "<https://shop.example/u/00000000000000000000000000000000>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    sealed = Sealed(
        tenant=TenantId("acme"),
        recipient=CustomerId("c_1"),
        effect=effect,
        subject=subject,
        body=body,
        headers=headers if channel is Channel.EMAIL else {},
    )
    return Claim(
        effect=effect,
        envelope=sealed,
        address=address,
        attachments=attachments,
        lease="l",
        lease_until=NOW + timedelta(minutes=1),
    )


class Mailbox:
    """A mail server's behaviour at each step; `mails` is what it really took."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.at_rcpt = "250 ok"
        self.at_data = "250 taken as 42"
        self.drops = False

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:  # noqa: N802
        if self.at_rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.at_rcpt

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.at_data.startswith("250"):
            assert isinstance(envelope.original_content, bytes)
            self.mails.append(envelope.original_content)
        if self.drops:
            assert server.transport is not None
            server.transport.abort()  # type: ignore[attr-defined]
        return self.at_data


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, SmtpProvider]]:
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    url = f"smtp+plain://127.0.0.1:{controller.port}"
    yield box, SmtpProvider(server_of(url), "Harbour & Pine <hello@shop.example>", Now())
    controller.stop()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def test_a_mail_arrives_as_it_was_sealed(mailbox: tuple[Mailbox, SmtpProvider]) -> None:
    box, provider = mailbox
    calendar = Attachment(
        name="demo.ics", media_type="text/calendar; method=REQUEST", content="BEGIN:VCALENDAR\r\nX:시연\r\n"
    )
    assert provider.send(claim(attachments=(calendar,))) == Sent(receipt="taken as 42")
    (raw,) = box.mails
    mail: Message = email.message_from_bytes(raw, policy=email.policy.default)
    assert mail["From"] == "Harbour & Pine <hello@shop.example>"
    assert mail["To"] == "ann@mail.example"
    assert mail["Subject"] == "안녕하세요, Ann"
    assert mail["Message-ID"] == f"<{'0' * 30}ab@shop.example>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    text, invitation = list(mail.walk())[1:]
    assert text.get_content().replace("\r\n", "\n") == "첫 줄\n.a dot at the start\nlast\n"  # type: ignore[attr-defined]
    assert invitation.get_content_type() == "text/calendar"
    assert invitation.get_param("method") == "REQUEST"
    assert "시연" in invitation.get_content()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("said", "temporary"), [("550 no such user", False), ("451 later", True), ("452 too many", True)]
)
def test_a_recipient_that_is_refused_was_not_written_to(
    mailbox: tuple[Mailbox, SmtpProvider], said: str, temporary: bool
) -> None:
    box, provider = mailbox
    box.at_rcpt = said
    assert provider.send(claim()) == Refused(reason=said[:3], temporary=temporary)
    assert not box.mails


def test_a_message_that_is_refused_at_the_end_was_not_taken(mailbox: tuple[Mailbox, SmtpProvider]) -> None:
    box, provider = mailbox
    box.at_data = "552 too big"
    assert provider.send(claim()) == Refused(reason="552", temporary=False)


def test_a_server_that_takes_it_and_hangs_up_leaves_us_not_knowing(mailbox: tuple[Mailbox, SmtpProvider]) -> None:
    box, provider = mailbox
    box.drops = True
    assert isinstance(provider.send(claim()), Unknown)
    assert len(box.mails) == 1


def test_without_a_server_the_message_is_still_ours() -> None:
    provider = SmtpProvider(server_of(f"smtp+plain://127.0.0.1:{free_port()}"), "hello@shop.example", Now())
    found = provider.send(claim())
    assert isinstance(found, Refused)
    assert found.temporary


@pytest.mark.parametrize(
    ("address", "subject"), [("ann@mail.example\r\nBcc: all@mail.example", "x"), ("", "x"), ("a@b", "x\r\nBcc: c@d")]
)
def test_no_address_or_subject_breaks_out_of_its_header(
    mailbox: tuple[Mailbox, SmtpProvider], address: str, subject: str
) -> None:
    box, provider = mailbox
    assert isinstance(provider.send(claim(address=address, subject=subject)), Refused)
    assert not box.mails


@pytest.mark.parametrize("url", ["http://x", "smtp://", "mail.example:25", "smtp+plain://me:pw@host"])
def test_a_mail_servers_url_is_read_strictly_and_never_repeated(url: str) -> None:
    with pytest.raises(InputError) as error:
        server_of(url)
    assert "pw" not in str(error.value)


class Receiver:
    """An HTTP receiver that checks every signature as the standard's own library does."""

    def __init__(self) -> None:
        self.answer: Callable[[BaseHTTPRequestHandler], None] = lambda handler: reply(handler, 200)
        self.taken: dict[str, dict[str, Any]] = {}
        self.calls = 0


def reply(handler: BaseHTTPRequestHandler, code: int, **headers: str) -> None:
    handler.send_response(code)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("content-length", "0")
    handler.end_headers()


@pytest.fixture
def receiver() -> Iterator[tuple[Receiver, str]]:
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.calls += 1
            body = self.rfile.read(int(self.headers["content-length"]))
            data = Webhook(SECRET).verify(body, dict(self.headers))
            found.taken[self.headers["webhook-id"]] = data
            found.answer(self)

        def do_GET(self) -> None:
            name = self.path.rpartition("/")[2]
            reply(self, 200 if name in found.taken else 404)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield found, f"http://127.0.0.1:{server.server_port}/hook"
    server.shutdown()
    server.server_close()


def hook(url: str, **more: Any) -> WebhookProvider:
    return WebhookProvider(Endpoint(url, (SECRET,), own_network=True, **more), Now())


def test_a_webhook_is_signed_as_the_standard_asks(receiver: tuple[Receiver, str]) -> None:
    found, url = receiver
    assert isinstance(hook(url).send(claim(Channel.SMS, "+447700900000", subject="", body="Hello")), Sent)
    ((name, data),) = found.taken.items()
    assert name == "0" * 30 + "ab"
    assert data["type"] == "message.send"
    assert data["data"]["to"] == "+447700900000"
    assert data["data"]["body"] == "Hello"


def test_a_task_for_the_staff_says_what_it_is(receiver: tuple[Receiver, str]) -> None:
    found, url = receiver
    hook(url).send(claim(Channel.DESK, "", subject="", body="Why: refund"))
    assert next(iter(found.taken.values()))["type"] == "task.created"


def test_while_secrets_change_both_sign(receiver: tuple[Receiver, str]) -> None:
    _, url = receiver
    provider = WebhookProvider(Endpoint(url, (OTHER, SECRET), own_network=True), Now())
    assert isinstance(provider.send(claim(Channel.SMS)), Sent)


def test_another_secret_is_not_accepted() -> None:
    from agent.dispatch.posting import sign

    headers = {
        "webhook-id": "m",
        "webhook-timestamp": str(int(NOW.timestamp())),
        "webhook-signature": sign((OTHER,), "m", int(NOW.timestamp()), b"{}"),
    }
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(b"{}", headers)


@pytest.mark.parametrize(
    ("code", "headers", "expected"),
    [
        (204, {}, Sent),
        (400, {}, Refused),
        (404, {}, Refused),
        (302, {"location": "http://127.0.0.1:1/"}, Refused),
        (429, {"retry_after": "120"}, Refused),
        (500, {}, Unknown),
        (502, {}, Unknown),
    ],
)
def test_each_answer_is_read_for_what_it_says(
    receiver: tuple[Receiver, str], code: int, headers: dict[str, str], expected: type[Result]
) -> None:
    found, url = receiver
    found.answer = lambda handler: reply(handler, code, **headers)
    result = hook(url).send(claim(Channel.SMS))
    assert isinstance(result, expected)
    assert found.calls == 1
    if isinstance(result, Refused):
        assert result.temporary
        assert result.retry_after == (timedelta(minutes=2) if code == 429 else None)


def test_an_endpoint_that_is_gone_is_switched_off(receiver: tuple[Receiver, str]) -> None:
    found, url = receiver
    found.answer = lambda handler: reply(handler, 410)
    gone: list[str] = []
    provider = WebhookProvider(Endpoint(url, (SECRET,), own_network=True), Now(), gone.append)
    assert provider.send(claim(Channel.SMS)) == Refused(reason="410: the endpoint wants nothing any more")
    assert gone == [url]


def test_a_receiver_that_hangs_up_leaves_us_not_knowing(receiver: tuple[Receiver, str]) -> None:
    found, url = receiver
    found.answer = lambda handler: handler.connection.shutdown(socket.SHUT_RDWR)
    assert isinstance(hook(url).send(claim(Channel.SMS)), Unknown)
    assert len(found.taken) == 1


def test_it_can_be_asked_whether_it_has_taken_a_key(receiver: tuple[Receiver, str]) -> None:
    _, url = receiver
    provider = hook(url, can_look_up=True)
    assert provider.look_up("0" * 30 + "ab") is False
    provider.send(claim(Channel.SMS))
    assert provider.look_up("0" * 30 + "ab") is True


INSIDE = [
    "127.0.0.1",
    "10.0.0.1",
    "172.16.3.4",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "ff02::1",
    "::",
    "not an address",
]


@pytest.mark.parametrize("address", INSIDE)
def test_no_connection_is_made_to_an_address_inside(address: str) -> None:
    assert not is_public(address)
    provider = WebhookProvider(
        Endpoint("https://receiver.example/hook", (SECRET,)),
        Now(),
        resolve=lambda host, port: ["93.184.215.14", address],
    )
    assert provider.send(claim(Channel.SMS)) == Refused(
        reason="the address cannot be used (not a public address)", temporary=False
    )


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url", ["ftp://host/x", "https://", "http://host/x", "https://me:pw@host/x", "https://host/x#y"]
)
def test_an_endpoint_is_a_plain_https_url(url: str) -> None:
    with pytest.raises(InputError) as error:
        Endpoint(url, (SECRET,))
    assert "pw" not in str(error.value)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_short", "whsec_!!!", "whsec_" + "A" * 200])
def test_a_secret_has_its_length_and_is_never_repeated(secret: str) -> None:
    with pytest.raises(InputError) as error:
        Endpoint("https://host/x", (secret,))
    assert "A" * 20 not in str(error.value)


def test_a_file_is_written_once_for_each_key(tmp_path: Path) -> None:
    provider = FileProvider(tmp_path)
    assert isinstance(provider.send(claim()), Sent)
    assert isinstance(provider.send(claim(body="other words")), Sent)
    (path,) = tmp_path.rglob("*.json")
    assert json.loads(path.read_text(encoding="utf-8"))["data"]["body"].startswith("첫 줄")
    assert provider.look_up("0" * 30 + "ab")
    assert not provider.look_up("1" * 32)
