"""Account events: what an event says about the account that it names, as an event of that account.

An account is read, kept and decided like a customer whose ``userId`` is the account's id.
"""

import msgspec

from schemas.coercion import NULL, Fields, as_json, fields_of, identifier, short, text
from schemas.record_value import fields_in, why_not_json
from schemas.reject import RejectedError
from schemas.spellings import folded
from schemas.wrappings import id_made_of

GROUP = "group"
MEMBER = "member"
"""The name in an account event's context of the ``userId`` of whoever caused it."""
_IDENTIFY = as_json("identify")
_SENT_AS_OTHERS = ("user_id", "message_id", "groupId", "group_id")


class UnusableAccountError(RejectedError):
    """Raised for an event whose account's id is none."""


def account_event(value: bytes) -> tuple[str, bytes]:
    """Return the id of the account that an event names, and its event as the account's own.

    The account is the event's own ``groupId``, or that of its ``context``. A ``group`` event becomes an ``identify`` of
    the account. Of any other, the traits are its member's, and are left out. The rest stays as it was sent, also what
    cannot be used.
    Raises ``RejectedError``; for a list of events, that is a ``SeveralEventsError``, and for an id of an account that
    is none an ``UnusableAccountError``.
    """
    fields = fields_in(value)
    try:
        return _made_own(fields, value)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RejectedError("not_json", why_not_json(error)) from None


def _made_own(fields: Fields, value: bytes) -> tuple[str, bytes]:
    context = _context(fields)
    account = _account(fields, context)
    message_id = identifier(fields, "messageId", "message_id") or id_made_of(value)
    member = identifier(fields, "userId", "user_id")
    own: Fields = {name: it for name, it in fields.items() if name not in _SENT_AS_OTHERS}
    if folded(text(fields, "type") or "") == GROUP:
        own["type"] = _IDENTIFY
    else:
        own.pop("traits", None)
    around: Fields = {name: it for name, it in context.items() if name not in ("traits", MEMBER)}
    if member is not None:
        around[MEMBER] = as_json(member)
    own |= {
        "userId": as_json(account),
        "messageId": as_json(message_id),
        "context": as_json(around),
    }
    return account, bytes(as_json(own))


def _account(fields: Fields, context: Fields) -> str:
    try:
        account = identifier(fields, "groupId", "group_id") or identifier(
            context, "groupId", "group_id", place="context."
        )
        if account is not None:
            return short(account, "groupId")
    except RejectedError as error:
        raise UnusableAccountError(error.reason, error.detail) from None
    told = "the event names no account: send its id as groupId, in the event or in its context"
    raise RejectedError("missing_account", told)


def _context(fields: Fields) -> Fields:
    raw = fields.get("context", NULL)
    return fields_of(raw, "context") if bytes(raw)[:1] == b"{" else {}
