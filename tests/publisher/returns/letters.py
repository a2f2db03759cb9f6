"""Letters that come back, written for the tests in the forms that servers use."""

from publisher.domain import bounce

SECRET = b"s" * 32
TOKEN = bounce.token(1, SECRET)
VERP = f"bounces+{TOKEN}@news.example"
LEAVING = "L" * 32

ORIGINAL = f"""Return-Path: <{VERP}>
From: The Letter <letter@news.example>
To: ann@example.org
Subject: November
Message-ID: <1@news.example>
List-Id: <letter.news.example>
List-Unsubscribe: <https://pages.example/unsubscribe/{LEAVING}>

Here is the news.
"""


def group(action: str = "failed", status: str = "5.1.1", said: str = "", **more: str) -> str:
    """The fields about one recipient."""
    fields = {
        "Original-Recipient": "rfc822;ann@example.org",
        "Final-Recipient": "rfc822;ann@example.org",
        "Action": action,
        "Status": status,
        "Diagnostic-Code": said,
        **{name.replace("_", "-"): value for name, value in more.items()},
    }
    return "".join(f"{name}: {value}\n" for name, value in fields.items() if value)


def dsn(*groups: str, to: str = VERP, head: str = "", original: str = ORIGINAL) -> bytes:
    """A delivery status notification as Postfix writes it."""
    about = "\n".join(groups or (group(),))
    return f"""Return-Path: <>
{head}Delivered-To: {to}
From: MAILER-DAEMON@mx.example (Mail Delivery System)
To: {to}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=B="

--=B=
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.

--=B=
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
X-Postfix-Sender: rfc822; {to}

{about}
--=B=
Content-Type: message/rfc822

{original}
--=B=--
""".encode()


def arf(kind: str = "abuse", *, original: str = ORIGINAL, to: str = "fbl@news.example") -> bytes:
    """A complaint as large receivers pass it on."""
    return f"""From: feedback@receiver.example
To: {to}
Subject: complaint about a message
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="=C="

--=C=
Content-Type: text/plain

This is a complaint.

--=C=
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: Loop/1.0
Version: 1
Reporting-MTA: dns; mx.receiver.example

--=C=
Content-Type: message/rfc822

{original}
--=C=--
""".encode()


QMAIL = f"""Return-Path: <>
Delivered-To: {VERP}
From: MAILER-DAEMON@old.example
To: {VERP}
Subject: failure notice

Hi. This is the qmail-send program at old.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<ann@example.org>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

{ORIGINAL}""".encode()

VACATION = f"""Return-Path: <>
To: {VERP}
From: Ann <ann@example.org>
Auto-Submitted: auto-replied (vacation)
Subject: Away until Monday

I am away. For 550 5.1.1 urgent matters write to <bob@example.org>.
""".encode()
