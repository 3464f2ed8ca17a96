"""The envelope in which events arrive: the Segment spec's JSON, decoded to a fact or rejected with a reason.

Each value is decoded strictly first. What the strict decoder refuses is read field by field, as ``coercion`` says.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from schemas import timestamps
from schemas.bounds import bounded
from schemas.coercion import MAX_TEXT, NULL, Fields, fields_of, identifier, short, text
from schemas.event_names import counted, spelled
from schemas.event_properties import PROPERTIES_BOUND, properties_of, roots_of
from schemas.event_types import EVENT_TYPES, REPUBLISH_REQUEST
from schemas.events import AnyFact, OrderCompleted, OrderUpdated
from schemas.instant import EARLIEST, LATEST, from_datetime
from schemas.intake import Intake
from schemas.json_text import MAX_DEPTH
from schemas.line_amounts import amounts_of
from schemas.money import AmountError
from schemas.record_value import json_in, why_not_json
from schemas.reject import RejectedError
from schemas.spellings import folded
from schemas.traits import with_context_traits
from schemas.wrappings import FRAMED, SeveralEventsError, context_in, id_made_of, unframed, unwrapped

MAX_NAME = 64
EMPTY = Raw(b"{}")


class Context(msgspec.Struct, gc=False):
    """What is known around an event; of that, only the traits are read."""

    traits: Raw = NULL


class Envelope(msgspec.Struct, rename="camel", gc=False):
    """The outer JSON object; ``properties`` and ``traits`` stay raw until the event's type is known."""

    type: str = "track"
    event: str | None = None
    message_id: str | None = None
    user_id: str = ""
    timestamp: datetime = timestamps.MISSING
    properties: Raw = EMPTY
    traits: Raw = NULL
    context: Context | None = None
    specversion: str | None = None
    twin_message_id: str | None = msgspec.field(name="message_id", default=None)


class Event(msgspec.Struct, gc=False):
    """A usable event: the id of its customer, and its fact (None for a type that lifestage does not know).

    ``unknown_name`` is then the event's name as it was sent, cut to ``MAX_NAME`` characters; empty if there is none.
    ``bounds`` are those that cut off something of the fact, and what did not fit the type of a trait.
    """

    user_id: str
    fact: AnyFact | None
    unknown_name: str | None = None
    bounds: Sequence[str] = ()


class _Owner(msgspec.Struct, rename="camel", gc=False):
    user_id: str = ""
    specversion: str | None = None


class _Carrier(msgspec.Struct, gc=False):
    data: Envelope


_envelope = msgspec.json.Decoder(Envelope).decode
_carrier = msgspec.json.Decoder(_Carrier).decode
_owner = msgspec.json.Decoder(_Owner).decode


def decode(value: bytes | None, key: bytes | None, intake: Intake) -> Event:
    """Return the event in a record's value.

    ``key`` must be the userId in UTF-8, since the partition follows from the key.
    Raises ``RejectedError`` with the reason and a detail that names the place.
    """
    envelope = open_envelope(value)
    event = read_event(envelope, value or b"", intake)
    if key is None or key != event.user_id.encode():
        raise RejectedError("key_mismatch", "the record's key is not the event's userId", event.user_id)
    return event


def open_envelope(value: bytes | None) -> Envelope:
    """Return the outer object, with a customer and a timestamp, out of whatever it is wrapped in.

    Raises ``RejectedError``; for a list of events, that is a ``SeveralEventsError``.
    """
    if value is None or len(value) > MAX_DEPTH or value[:1] == FRAMED:  # nearly all are short and bare
        value = json_in(value)
    try:
        try:
            envelope = _envelope(value)
            if envelope.specversion is not None:  # a structured CloudEvent carries ours as its data
                envelope = _carrier(value).data
                if envelope.specversion is not None:
                    return _coerced(unwrapped(value))
            if envelope.user_id and envelope.timestamp.tzinfo is not None:
                return envelope
        except msgspec.DecodeError:
            pass
        return _coerced(unwrapped(value))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RejectedError("not_json", why_not_json(error)) from None
    except RecursionError:
        raise RejectedError("not_json", "the JSON is nested too deeply") from None


def events_in(value: bytes) -> list[bytes]:
    """Return the values of the events in a value, if that is a list of events; of any other none."""
    try:
        open_envelope(value)
    except SeveralEventsError as several:
        return several.events
    except RejectedError:
        pass
    return []


def user_of(value: bytes) -> str | None:
    """Return the userId of a usable event, for less than ``decode`` costs; of any other, some userId or None.

    None for a list of events: each of them may have another.
    """
    value = unframed(value)
    try:
        try:
            owner = _owner(value)
            if owner.specversion is not None:
                inner = _carrier(value).data
                if inner.user_id and inner.specversion is None:
                    return inner.user_id
            elif owner.user_id:
                return owner.user_id
        except msgspec.DecodeError:
            pass
        return _user_id(unwrapped(value))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, RejectedError):
        return None


def _user_id(fields: Fields) -> str | None:
    return identifier(fields, "userId", "user_id")


def _coerced(fields: Fields) -> Envelope:
    kind = text(fields, "type") or "track"
    event = text(fields, "event") if folded(kind) in ("", "track") else None
    message_id = identifier(fields, "messageId", "message_id")
    user_id = _user_id(fields)
    if user_id is None:
        raise RejectedError("missing_user", "userId is missing or empty: send the id of the customer")
    return Envelope(
        type=kind,
        event=event,
        message_id=message_id,
        user_id=short(user_id, "userId"),
        timestamp=timestamps.happened(fields),
        properties=fields.get("properties", EMPTY),
        traits=fields.get("traits", NULL),
        context=_context(fields.get("context", NULL)),
    )


def _context(raw: Raw) -> Context | None:
    return Context(fields_of(raw, "context").get("traits", NULL)) if bytes(raw)[:1] == b"{" else None


def read_event(envelope: Envelope, value: bytes, intake: Intake) -> Event:
    """Return the event in an open envelope. An event without a messageId gets one from ``value``.

    Raises ``RejectedError``.
    """
    user_id = envelope.user_id
    try:
        if len(user_id) > MAX_TEXT:
            short(user_id, "userId")
        at = from_datetime(envelope.timestamp)
        if not EARLIEST <= at < LATEST:
            raise RejectedError("bad_timestamp", "timestamp lies outside the years 1970 to 2199")
        if user_id[0] not in intake.customers_begin:
            intake.check_customer(user_id)
        name = envelope.event if envelope.type == "track" else envelope.type
        event_type = EVENT_TYPES.get(name or "") or spelled(envelope.type, envelope.event)
        event_type = event_type or counted(envelope.type, envelope.event, intake.named.events)
        if event_type is None:
            return Event(user_id, None, (name or "")[:MAX_NAME])
        content = envelope.traits if event_type.name == "identify" else envelope.properties
        message_id = envelope.message_id or envelope.twin_message_id or id_made_of(value)
        if len(message_id) > MAX_TEXT:
            short(message_id, "messageId")
        try:
            fact = event_type.build(event_type.name, at, message_id, content, intake)
        except (msgspec.ValidationError, UnicodeDecodeError, AmountError, RejectedError):
            content = event_type.coerce(content)
            fact = event_type.build(event_type.name, at, message_id, content, intake)
        if event_type is REPUBLISH_REQUEST:  # nothing else that it says is about the customer
            return Event(user_id, fact)
        if envelope.context is not None or event_type.name in intake.reads_more_of:
            return _with_what_is_named(fact, event_type.name, envelope, value, intake)
        # What is shorter than one text may be holds nothing that is too long, nor too many of anything.
        if event_type.is_bounded and len(content) > MAX_TEXT:
            fact, bounds = bounded(fact, intake.named)
            return Event(user_id, fact, bounds=bounds)
        return Event(user_id, fact)
    except (RejectedError, AmountError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _rejected(error, user_id) from None


def _with_what_is_named(fact: AnyFact, name: str, envelope: Envelope, value: bytes, intake: Intake) -> Event:
    """Return the event of a fact, with traits of its context and its fields, as far as conditions and bounds go.

    Traits that the policy declares are read as their types.
    """
    if envelope.context is not None:
        fact = with_context_traits(fact, envelope.context.traits)
    misfits: Sequence[str] = ()
    if intake.trait_types is not None:
        own = envelope.traits if name == "identify" else NULL
        around = NULL if envelope.context is None else envelope.context.traits
        fact, misfits = intake.trait_types.applied(fact, own, around)
    fact, bounds = bounded(fact, intake.named)
    bounds = (*misfits, *bounds)
    if wanted := intake.named.properties.get(name):
        context = context_in(value) if name in intake.named.around and envelope.context is not None else NULL
        roots, is_unusable = roots_of(envelope.properties, context)
        properties, is_told = properties_of(roots, wanted)
        if intake.named.priced and isinstance(fact, OrderCompleted | OrderUpdated):
            priced = {it: wanted[it] for it in intake.named.priced}
            amounts, is_odd = amounts_of(fact, priced, properties, roots, intake.exchange)
            properties, is_told = {**properties, **amounts}, is_told or is_odd
        fact = replace(fact, properties=properties or None)
        bounds = (*bounds, PROPERTIES_BOUND) if is_told or is_unusable else bounds
    return Event(envelope.user_id, fact, bounds=bounds)


def _rejected(error: Exception, user_id: str) -> RejectedError:
    match error:
        case RejectedError():
            error.user_id = user_id
            return error
        case AmountError():
            return RejectedError(error.reason, str(error), user_id)
        case msgspec.ValidationError():
            return RejectedError("invalid", f"properties: {error}", user_id)
        case msgspec.DecodeError() | UnicodeDecodeError():
            return RejectedError("not_json", why_not_json(error), user_id)
        case _:
            return RejectedError("not_json", "the JSON is nested too deeply", user_id)
