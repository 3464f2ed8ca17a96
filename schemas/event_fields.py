"""The fields of an event: what a name in a filter stands for, as paths through ``properties`` and ``context``."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

Path = tuple[str, ...]
"""The names on the way to a value, from ``properties`` or ``context`` on; one that ends in ``[]`` is each of a list."""
EACH = "[]"
ROOTS = ("properties", "context")


class Field(NamedTuple):
    """What is read of an event under one name: the first of its ``paths`` that leads to something usable.

    A field ``is_list`` if a path goes through a list. ``is_added_up``: it must be a number; ``texts`` are those that a
    condition looks for in a list, which no bound cuts off.
    """

    paths: tuple[Path, ...]
    is_list: bool = False
    is_added_up: bool = False
    texts: frozenset[str] = frozenset()


def field_of(paths: Sequence[str]) -> Field:
    """Return the field of paths as people write them."""
    split = tuple(tuple(it.split(".")) for it in paths)
    return Field(split, is_list=any(name.endswith(EACH) for path in split for name in path))


def property_field(name: str) -> Field:
    """Return the field that is the property of its name."""
    return Field(((ROOTS[0], name),))


def fields_under(declared: Mapping[str, Sequence[str]]) -> dict[str, Field]:
    """Return the fields under a policy that declares some: those in place of others of their names, or beside them."""
    return {name: field_of(paths) for name, paths in {**FIELDS, **declared}.items()}


def is_around(field: Field) -> bool:
    """Tell whether a field is read from what is known around the event."""
    return any(path[0] == ROOTS[1] for path in field.paths)


def _paths(name: str, *more: str) -> tuple[str, ...]:
    # A property of the field's own name comes first, whatever the context says.
    return (f"{ROOTS[0]}.{name}", *more)


FIELDS: Mapping[str, tuple[str, ...]] = {
    "channel": _paths("channel", "context.channel"),
    "platform": _paths("platform", "context.platform", "context.device.type", "context.userAgentData.platform"),
    "device_type": _paths("device_type", "context.device.type"),
    "device_model": _paths("device_model", "context.device.model"),
    "device_manufacturer": _paths("device_manufacturer", "context.device.manufacturer"),
    "os": _paths("os", "context.os.name", "context.userAgentData.platform"),
    "os_version": _paths("os_version", "context.os.version"),
    "app": _paths("app", "context.app.name"),
    "app_version": _paths("app_version", "context.app.version"),
    "browser": _paths("browser", "context.browser", "context.browser.name"),
    "library": _paths("library", "context.library.name"),
    "store": _paths("store", "properties.store_id", "properties.store_name", "properties.affiliation", "context.store"),
    "campaign": _paths("campaign", "context.campaign.name", "properties.campaign.name", "properties.utm_campaign"),
    "campaign_source": _paths(
        "campaign_source", "context.campaign.source", "properties.campaign.source", "properties.utm_source"
    ),
    "campaign_medium": _paths(
        "campaign_medium", "context.campaign.medium", "properties.campaign.medium", "properties.utm_medium"
    ),
    "campaign_content": _paths(
        "campaign_content", "context.campaign.content", "properties.campaign.content", "properties.utm_content"
    ),
    "campaign_term": _paths(
        "campaign_term", "context.campaign.term", "properties.campaign.term", "properties.utm_term"
    ),
    "country": _paths("country", "context.location.country"),
    "region": _paths("region", "context.location.region"),
    "city": _paths("city", "context.location.city"),
    "locale": _paths("locale", "context.locale"),
    "page_path": _paths("page_path", "context.page.path", "properties.path"),
    "page_url": _paths("page_url", "context.page.url", "properties.url"),
    "page_title": _paths("page_title", "context.page.title", "properties.title"),
    "referrer": _paths("referrer", "context.page.referrer", "context.referrer.url"),
    "product": _paths("product", "properties.product_id", "properties.sku"),
    "topic": _paths("topic", "properties.ticket_topic"),
    "priority": _paths("priority", "properties.ticket_priority"),
    "products": ("properties.products[].product_id", "properties.products[].sku", "properties.product_id"),
    "member": ("context.member", "properties.member"),
    "brands": ("properties.products[].brand", "properties.brand"),
    "categories": ("properties.products[].category", "properties.category"),
}
"""The fields that every policy has, by their names, over the spec's ``context`` and ``properties``."""
