"""E-mail by SMTP (RFC 5321). A server neither honours keys nor can be asked: what may have left never goes twice."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from urllib.parse import unquote, urlsplit

from agent.domain.delivery import ANSWER_SECONDS, Abilities, Claim, Refused, Result, Sent, Unknown
from agent.domain.errors import InputError
from agent.domain.ports import Clock

SENDER = "Write mail_from: Brand <hello@brand.example>."
TLS = ssl.create_default_context()


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail leaves. `security` is tls (from the start), starttls, or none, which only an own machine may have."""

    host: str
    port: int
    security: str
    user: str
    password: str


def server_of(url: str) -> Server:
    """From smtp://user:password@host:587, smtps://... (TLS from the start) or smtp+plain://localhost:25.

    Raises InputError, without repeating the URL: it holds a password.
    """
    parts = urlsplit(url)
    kinds = {"smtp": ("starttls", 587), "smtps": ("tls", 465), "smtp+plain": ("none", 25)}
    if parts.scheme not in kinds or not parts.hostname:
        raise InputError(
            "not a mail server's URL",
            place="TACTFUL_SMTP_URL",
            next_step="Write smtp://user:password@host:587, smtps://... or smtp+plain://localhost:25.",
        )
    security, port = kinds[parts.scheme]
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if user and security == "none":
        raise InputError(
            "a password is not sent unencrypted", place="TACTFUL_SMTP_URL", next_step="Use smtp:// or smtps://."
        )
    return Server(parts.hostname, parts.port or port, security, user, password)


class SmtpProvider:
    """One connection a message: simple, and every failure says by its place whether the message can have left."""

    def __init__(self, server: Server, sender: str, clock: Clock, per_second: float = 10.0) -> None:
        name, address = parseaddr(sender)
        if "@" not in address:
            raise InputError("no sender", place="playbook.yaml: sending.mail_from", next_step=SENDER)
        self._server = server
        self._sender = (name, address)
        self._clock = clock
        self.abilities = Abilities(name="smtp", per_second=per_second, concurrency=4)

    def send(self, claim: Claim) -> Result:
        try:
            mail = self.mail(claim, self._clock.now()).as_bytes(policy=SMTP)
        except (ValueError, IndexError) as error:
            return Refused(reason=f"not an address that mail can go to ({type(error).__name__})")
        try:
            connection = self._connect()
        except (OSError, smtplib.SMTPException) as error:
            return Refused(reason=f"no connection ({type(error).__name__})", temporary=True)
        try:
            refused = self._offer(connection, claim.address)
            return refused or self._hand_over(connection, mail)
        finally:
            connection.close()

    def look_up(self, key: str) -> bool | None:
        return None

    def mail(self, claim: Claim, now: datetime) -> EmailMessage:
        """The message as it leaves. Its id follows from the key, so that a mailbox can tell a repetition."""
        name, address = self._sender
        domain = address.rpartition("@")[2]
        mail = EmailMessage()
        mail["From"] = Address(display_name=name, addr_spec=address)
        mail["To"] = Address(addr_spec=claim.address)
        mail["Subject"] = claim.envelope.subject
        mail["Date"] = format_datetime(now)
        mail["Message-ID"] = f"<{claim.key}@{domain}>"
        for header, value in claim.envelope.headers.items():
            mail[header] = value
        mail.set_content(claim.envelope.body)
        for file in claim.attachments:
            kind, _, parameter = file.media_type.partition(";")
            mail.add_attachment(file.content, subtype=kind.rpartition("/")[2], filename=file.name)
            name_, _, value = parameter.partition("=")
            if name_:
                list(mail.iter_attachments())[-1].set_param(name_.strip(), value.strip())
        return mail

    def _connect(self) -> smtplib.SMTP:
        s = self._server
        if s.security == "tls":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(s.host, s.port, timeout=ANSWER_SECONDS, context=TLS)
        else:
            connection = smtplib.SMTP(s.host, s.port, timeout=ANSWER_SECONDS)
        try:
            if s.security == "starttls":
                connection.starttls(context=TLS)
            connection.ehlo_or_helo_if_needed()
            if s.user:
                connection.login(s.user, s.password)
        except BaseException:
            connection.close()
            raise
        return connection

    def _offer(self, connection: smtplib.SMTP, recipient: str) -> Refused | None:
        """Up to DATA nothing has been handed over: whatever goes wrong here, the message is still ours."""
        try:
            code = connection.mail(self._sender[1])[0]
            if code == 250:
                code = connection.rcpt(recipient)[0]
            if code in (250, 251):
                code = connection.docmd("DATA")[0]
            if code != 354:
                return _refused(code)
        except (OSError, smtplib.SMTPException) as error:
            return Refused(reason=f"the connection broke before the message ({type(error).__name__})", temporary=True)
        return None

    def _hand_over(self, connection: smtplib.SMTP, mail: bytes) -> Result:
        """After the final dot only the server knows."""
        try:
            connection.send(_dotted(mail) + b".\r\n")
            code, said = connection.getreply()
        except (OSError, smtplib.SMTPException) as error:
            return Unknown(reason=f"no answer after the message ({type(error).__name__})")
        return Sent(receipt=_plain(said)) if code == 250 else _refused(code)


def _refused(code: int) -> Refused:
    return Refused(reason=f"{code}", temporary=400 <= code < 500)


def _plain(said: bytes) -> str:
    text = said.decode("ascii", "replace").splitlines()
    return text[0][:120] if text else ""


def _dotted(mail: bytes) -> bytes:
    """Lines that begin with a dot get another (RFC 5321 section 4.5.2); the last line ends."""
    lines = mail.replace(b"\r\n", b"\n").split(b"\n")
    if lines and lines[-1] == b"":
        lines.pop()
    return b"".join((b"." + line if line.startswith(b".") else line) + b"\r\n" for line in lines)
