"""The shape of the published catalogue: what is told of each feature, function, field and measure."""

import msgspec


class PublishedFeature(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the catalogue: a feature, or a family of them, such as ``orders_Nd`` or ``traits.NAME``.

    ``parts`` are what it is read from (an event that it counts by name, by that), ``events`` the names of the events
    that change these. ``by_time_alone`` says how it changes while nothing happens, ``read_as`` the names by which the
    conditions of the policy read it.
    """

    name: str
    type: str
    may_be_missing: bool
    values: tuple[str, ...]
    unit: str
    meaning: str
    parts: tuple[str, ...]
    events: tuple[str, ...]
    by_time_alone: str
    read_as: tuple[str, ...]


class PublishedParameter(msgspec.Struct, frozen=True, kw_only=True):
    """What a function takes for one argument."""

    name: str
    takes: str
    values: tuple[str, ...]
    is_needed: bool
    by_name: bool


class PublishedFunction(msgspec.Struct, frozen=True, kw_only=True):
    """A function of the language; ``example`` describes the feature that the call in its name stands for."""

    name: str
    meaning: str
    parameters: tuple[PublishedParameter, ...]
    example: PublishedFeature


class PublishedField(msgspec.Struct, frozen=True, kw_only=True):
    """A field of an event: its ``paths``, of which the first that leads to something counts; none for the hour."""

    name: str
    type: str
    paths: tuple[str, ...]


class PublishedMeasure(msgspec.Struct, frozen=True, kw_only=True):
    """A measure of the policy; ``in_profiles`` if a condition reads it or the policy asks for that."""

    name: str
    value: str
    description: str
    in_profiles: bool


class PublishedUndeclared(msgspec.Struct, frozen=True, kw_only=True):
    """A feature, or the ``example`` of a function, that is there only if the policy has a table that it ``needs``."""

    needs: str
    example: PublishedFeature


class PublishedCatalogue(msgspec.Struct, frozen=True, kw_only=True):
    """All that a condition may ask: values of now and of all time, of windows, and functions.

    ``undeclared`` is what it may ask as well, once the policy declares what that is about.
    ``parts`` has the events that change each part that features are read from.
    """

    policy: str
    most_window_days: int
    features: tuple[PublishedFeature, ...]
    windowed: tuple[PublishedFeature, ...]
    functions: tuple[PublishedFunction, ...]
    undeclared: tuple[PublishedUndeclared, ...]
    fields: tuple[PublishedField, ...]
    measures: tuple[PublishedMeasure, ...]
    parts: dict[str, tuple[str, ...]]
