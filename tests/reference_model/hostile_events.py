"""Simulated events made hostile: undone orders, quarrels, duplicates, disorder, and lines that mean nothing."""

import json
import random
from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

Event = dict[str, Any]

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
MALFORMED = [
    b'{"type":"identify","userId":"u","timestamp":1740823200,"traits":[1]}',
    b'{"type":"identify","userId":"u","timestamp":1740823200,"context":{"traits":"x"}}',
    b'{"type":"identify","userId":"u","timestamp":1740823200,"traits":{"score":1e400,"plan":"plus"}}',
    b'{"batch":[{"type":"page","userId":"u","timestamp":"2025-03-01T00:00:00Z"}]}',
    b'{"schema":{},"payload":null}',
    b'{"schema":{},"payload":[{"type":"page","userId":"u","timestamp":"2025-03-01T00:00:00Z"}]}',
    b'{"before":null,"after":{"id":7},"op":"c"}',
    b'{"schema":{},"payload":{"before":{"id":7},"after":null,"op":"d"}}',
    b'{"specversion":"1.0"}',
    b'{"specversion":"1.0","data":""}',
    b'{"specversion":"1.0","data":5}',
    b'{"specversion":"1.0","data_base64":"?"}',
    b'{"specversion":"1.0","data_base64":5}',
    b'{"specversion":"1.0","data_base64":"/w=="}',
    b'{"specversion":true,"userId":"u","timestamp":"2025-03-01T00:00:00Z"}',
    b'\xef\xbb\xbf{"type":"page","userId":"u","timestamp":"2025-03-01T00:00:00Z","x":[NaN,"\\ud83d","NaN"]}',
    b'{"type":"page","userId":"u","timestamp":NaN}',
    b'{"type":"page","userId":-Infinity,"timestamp":"2025-03-01T00:00:00Z"}',
    b'{"type":"page","userId":"\\ud83d","timestamp":"2025-03-01T00:00:00Z","x":"\xff"}',
    b'{"type":"page","userId":"\xff","timestamp":"2025-03-01T00:00:00Z"}',
    b'{"type":"page","userId":"u","timestamp":"2025-03-01T00:00:00Z","x":' + b"[" * 499 + b"]" * 499 + b"}",
    b'{"type":"page","userId":"u","timestamp":"2025-03-01T00:00:00Z","x":' + b"[" * 500 + b"]" * 500 + b"}",
    b'{"type":"page","userId":"u","timestamp":"2025-03-01T00:00:00Z","x":' + b"[{}]," * 700 + b"0}",
    b"{not json",
    b"[]",
    b"null",
    b'"text"',
    b"\xff\xfe{}",
    b'{"type":"track","event":"page","timestamp":"2025-03-01T00:00:00Z"}',
    b'{"type":"page","userId":"","timestamp":"2025-03-01T00:00:00Z"}',
    b'{"type":"page","userId":7.0,"timestamp":"2025-03-01T00:00:00Z"}',
    b'{"type":"page","userId":-0,"timestamp":"2025-03-01T00:00:00Z"}',
    b'{"type":"page","userId":true,"user_id":"u","timestamp":"2025-03-01T00:00:00Z"}',
    b'{"type":5,"userId":"u","timestamp":"2025-03-01T00:00:00Z"}',
    b'{"type":"page","messageId":[],"userId":"u"}',
    b'{"event":5,"userId":"u"}',
    b'{"type":"page","userId":"u"}',
    b'{"type":"page","userId":"u","timestamp":12}',
    b'{"type":"page","userId":"u","timestamp":"2025-03-01T00:00:00"}',
    b'{"type":"page","userId":"u","timestamp":"1969-12-31T23:59:59Z"}',
    b'{"type":"page","userId":"u","timestamp":"2199-12-31T00:00:00Z"}',
    b'{"type":"page","userId":"u","timestamp":"2200-01-01T00:00:00Z"}',
    b'{"type":"page","userId":"u","timestamp":"2025-02-30T00:00:00Z"}',
    b'{"type":"page","userId":"u","timestamp":"2025-03-01T00:00:61Z"}',
    b'{"type":"page","userId":"u","timestamp":"2025-03-01T00:00:00+24:00"}',
    b'{"type":"page","userId":"u","timestamp":"2025-03-01"}',
    b'{"type":"page","userId":"u","timestamp":"20250301"}',
    b'{"type":"page","userId":"u","timestamp":7258118400}',
    b'{"type":"page","userId":"u","timestamp":-1740823200}',
    b'{"type":"page","userId":"u","timestamp":1e400}',
    b'{"type":"page","userId":"u","timestamp":[1740823200]}',
    b'{"type":"page","userId":"u","sentAt":1740823200,"receivedAt":1740823200}',
    b'{"type":"page","userId":"u","originalTimestamp":1740823200,"sentAt":"soon"}',
    b'{"type":"page","userId":" Guest ","timestamp":"2025-03-01T00:00:00Z"}',
    b'{"type":"page","userId":0,"timestamp":"2025-03-01T00:00:00Z"}',
    b'{"type":"page","userId":"null"}',
    b'{"type":"group","userId":"Undefined","timestamp":"2025-03-01T00:00:00Z"}',
    b'{"type":"page","userId":"{{ user.id }}","timestamp":"2025-03-01T00:00:00Z"}',
    b'{"type":"page","userId":"{{}","timestamp":"2025-03-01T00:00:00Z"}',
    b'{"type":"page","userId":"TEST-5","timestamp":"2025-03-01T00:00:00Z"}',
    b'{"type":"group","userId":"u","timestamp":"2025-03-01T00:00:00Z"}',
    b'{"type":"page","userId":"' + b"u" * 257 + b'","timestamp":"2025-03-01T00:00:00Z"}',
    b'{"type":"page","messageId":"' + b"m" * 257 + b'","userId":"u","timestamp":"2025-03-01T00:00:00Z"}',
    b'{"type":"page","userId":"u","timestamp":"2025-03-01T00:00:00Z","x":"' + b"x" * 262_144 + b'"}',
]
BONUSES = [1, 2.5, 0.1, -3, "0.25", "much", None, True, 1e13, 1e-7, 2**63, 1e300, 0]
WRONG_PROPERTIES: list[tuple[str, Event]] = [
    ("Order Completed", {"order_id": "", "total": 1}),
    ("Order Completed", {"order_id": 5.0, "total": 1}),
    ("Order Completed", {"order_id": True, "orderId": "w", "total": 1}),
    ("Order Completed", {"total": 1}),
    ("Order Completed", {"order_id": "w", "total": -1}),
    ("Order Completed", {"order_id": "w", "total": 1e7}),
    ("Order Completed", {"order_id": "w", "total": 1, "currency": "XXX"}),
    ("Order Completed", {"order_id": "w", "products": [{"price": 1}, {"category": "a"}]}),
    ("Order Completed", {"order_id": "w", "total": "1.234,56"}),
    ("Order Completed", {"order_id": "w", "total": "$5", "revenue": 5}),
    ("Order Completed", {"order_id": "w", "total": [5]}),
    ("Order Completed", {"order_id": "w", "total": "1e3"}),
    ("Order Completed", {"order_id": "w", "total": 1, "currency": 5}),
    ("Order Completed", {"order_id": "w" * 257, "total": -1}),
    ("Order Completed", {"order_id": "w", "products": [{"price": 1, "quantity": -1}]}),
    ("Order Completed", {"order_id": "w", "products": [{"price": 0, "quantity": 1000001}]}),
    ("Order Completed", {"order_id": "w", "products": [{"price": -1}, {"price": "free"}]}),
    ("Order Completed", {"order_id": "w", "products": [{"price": 1}, None]}),
    ("Order Completed", {"order_id": "w", "products": {"0": {"price": 1}}}),
    ("Order Completed", {"order_id": "w", "products": [{"price": 5}, {"price": 2, "quantity": -3}]}),
    ("Order Refunded", {"order_id": "w", "total": "all"}),
    ("Order Refunded", {"order_id": "w", "total": "all", "revenue": 5}),
    ("Order Refunded", {"order_id": "w", "amount": True}),
    ("Order Refunded", {"order_id": "w", "amount": 5, "currency": 5}),
    ("Order Refunded", {"order_id": "w", "Order_Value": 5}),
    ("Order Refunded", {"order_id": "w", "refund": {"id": 5}}),
    ("Order Refunded", {"order_id": "w", "products": [{"product_id": "p"}]}),
    ("Order Refunded", {"order_id": "w", "products": [{"price": 1}, {"price": 1, "quantity": -1000001}]}),
    ("Order Refunded", {"order_id": "w", "products": {"0": {"price": 5}}}),
    ("Order Refunded", {"order_id": "w", "products": [{"price": 5}], "currency": "XXX"}),
    ("Support Ticket Rated", {"ticket_id": "t", "rating": "5 stars"}),
    ("Support Ticket Rated", {"ticket_id": "t", "rating": 10.001}),
    ("Support Ticket Rated", {"ticket_id": "t", "rating": True}),
    ("Order Refunded", {"total": 1}),
    ("Order Cancelled", {"order_id": "w" * 257}),
    ("Support Ticket Created", {}),
    ("Support Ticket Rated", {"ticket_id": "t", "rating": 6}),
    ("Support Ticket Rated", {"ticket_id": "t", "rating": 0}),
    ("Support Ticket Rated", {"ticket_id": "t"}),
]


def written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


class Hostility:
    """What a seed does to the events of a simulated shop, whose policy may have segments of these keys."""

    def __init__(self, seed: int, segments: Sequence[str]) -> None:
        self.dice = random.Random(seed)
        self.segments = segments
        self.account_dice = random.Random(f"accounts {seed}")
        self.made = 0

    def event(self, user_id: str, at: datetime, name: str, properties: Event) -> Event:
        self.made += 1
        return {
            "type": "track",
            "event": name,
            "messageId": f"{self.dice.choice('aszé')}{self.made}",
            "userId": user_id,
            "timestamp": written(at),
            "properties": properties,
        }

    def after(self, at: datetime) -> datetime:
        """A later instant: at once, soon, much later, or to the day."""
        spread = self.dice.choice([timedelta(0), MINUTE * 5, DAY, DAY * 20, DAY * 100])
        if self.dice.random() < 0.3:
            return (
                at
                + self.dice.choice([3, 7, 20, 30, 60, 90]) * DAY
                + timedelta(milliseconds=self.dice.choice([-1, 0, 1]))
            )
        return at + spread * self.dice.random()

    def order(self, order_id: str) -> Event:
        made: Event = {"order_id": order_id, "currency": self.dice.choice(["USD", "EUR", "JPY", "KWD", None])}
        if self.dice.random() < 0.4:
            coupons = ["SPRING", "", " ", ["A"], [], [{"code": "A"}], {"code": None}, 7, 0, True]
            discounts = [5, "2.50", -3, 0, "10 %", None, [1], 1e12, 0.005]
            made |= {"coupon": self.dice.choice(coupons), "discount": self.dice.choice(discounts)}
        if self.dice.random() < 0.2:
            made["reinstated"] = self.dice.choice([True, "true", " TRUE ", "yes", 1, None, False])
        if self.dice.random() < 0.6:
            made[self.dice.choice(["total", "revenue", "value"])] = self.dice.choice([0, 12.345, 99.995, 7, 250.0049])
        made["products"] = [
            {
                "price": self.dice.choice([0.125, 2.5, 19.99, 3, -1.5]),
                "quantity": self.dice.choice([1, 2, 3, 0.5, 0, -1]),
                "category": self.dice.choice(["Coffee", "Grocery", "", "Tea"]),
                "brand": self.dice.choice(["Acme", "Bolt", 7, " ", None, ["Acme"]]),
                "product_id": self.dice.choice([7, "7", "p1", 7.0, -0, "x" * 300, True]),
            }
            for _ in range(self.dice.choice([1, 2, 3]))
        ]
        if self.dice.random() < 0.05:
            first = self.dice.choice([0, 80, 160])
            many = [{"price": 1, "category": f"c{each}", "brand": f"b{each}"} for each in range(first, first + 80)]
            made["products"] = many + made["products"]
        if self.dice.random() < 0.5:
            made |= {
                "channel": self.dice.choice(["app", "web", 7, True, None]),
                "store_id": self.dice.choice(["s1", 2]),
            }
        return made

    def viewed(self) -> Event:
        """What a view says of what was viewed."""
        first = self.dice.choice([0, 80, 160])
        tea = {"category": "Tea", "product_id": self.dice.choice(["p1", 7])}
        many = [{"product_id": f"p{number}", "category": "Coffee"} for number in range(first, first + 80)]
        return self.dice.choice(
            [
                {"category": self.dice.choice(["Tea", "Grocery", " ", 7, None]), "channel": "app", "sku": "p2"},
                {"products": [tea, {"category": "Grocery", "price": 5}, {"category": 5.5, "brand": "Acme"}]},
                {**tea, "brand": "Acme", "channel": self.dice.choice(["web", ["app"], True])},
                {"products": many},
                {},
            ]
        )

    def around_order(self, user_id: str, order_id: str, at: datetime) -> Event:
        """Something that befalls an order."""
        then = self.after(at)
        name = self.dice.choice(
            ["Order Refunded", "Order Refunded", "Order Cancelled", "Order Updated", "Order Completed"]
        )
        if name == "Order Refunded":
            return self.event(user_id, then, name, {"order_id": order_id, **self.given_back()})
        if name == "Order Cancelled":
            return self.event(user_id, then, name, {"order_id": order_id})
        again = order_id if name == "Order Updated" or self.dice.random() < 0.3 else f"{order_id}-{self.made}"
        return self.event(user_id, then, name, self.order(again))

    def given_back(self) -> Event:
        """How much, under one of its names, as products, or not at all; a negative one is its size."""
        size = self.dice.choice([5, 12.345, 0, 300, -5, "7.5", "-0.005", 50_000])
        lines = [{"price": self.dice.choice([2.5, "3", -1.005]), "quantity": self.dice.choice([1, -1, 2, None])}] * 2
        name = self.dice.choice(["total", "total", "revenue", "value", "amount", "refund_amount", "totalRefunded"])
        return self.dice.choice(
            [
                {name: size},
                {name: size},
                {name: size, "products": [{}], "currency": self.dice.choice(["EUR", "jpy", "USD", " ", None])},
                {"products": lines},
                {"total": None},
                {"refund_reason": "late", "refunded": True, "revenue": "", "products": []},
            ]
        )

    def anything(self, user_id: str, at: datetime) -> Event:
        """A ticket, a rating, a trait, a click."""
        ticket = f"t{self.dice.randrange(3)}"
        choices: list[tuple[str, Event]] = [
            ("Support Ticket Created", {"ticket_id": ticket}),
            ("Support Ticket Reopened", {"ticket_id": ticket}),
            ("Support Ticket Solved", {"ticket_id": ticket}),
            ("Live Chat Conversation Started", {"conversation_id": ticket}),
            ("Live Chat Conversation Ended", {"conversation_id": ticket}),
            ("Support Ticket Rated", {"ticket_id": ticket, "rating": self.dice.randint(1, 5)}),
            (
                "Support Ticket Rated",
                {"ticket_id": ticket, "rating": self.dice.choice([1, 2.345, "4.5", 4.625, 5, 0.5])},
            ),
            ("Coupon Applied", {}),
            ("Product Added to Wishlist", {}),
            ("Product List Viewed", self.viewed()),
            (self.dice.choice(["Product Viewed", "Product Clicked"]), self.viewed()),
            ("Order Completed", self.order(f"new-{self.made}")),
            ("Nobody Knows", {}),
        ]
        name, properties = self.dice.choice(choices)
        event = self.event(user_id, self.after(at), name, properties)
        if self.dice.random() < 0.2:
            odd = self.dice.choice([None, 1, "x", True, [1]])
            plan = self.dice.choice(["free", "plus", None])
            traits = {"odd": odd, "plan": plan, "nested": {"score": self.dice.randint(0, 40), "odd": odd}}
            traits |= self.declared()
            event.update(type="identify", traits=traits)
        return event

    def declared(self) -> Event:
        """Traits that a policy may declare, in the notations that are read, and in others."""
        choices: Event = {
            "interests": [["sport", "tea"], ["sport", "sport", 7, None, " "], "sport", [], [{"a": 1}], ["x", True], ""],
            "newsletter": [True, "TRUE", " false ", 1, "0", 2, "yes", [], None],
            "score": [3, "2.50", " +7 ", "many", True, 1e300, "1" * 400, 2**63, -0.0, None, ""],
            "plan": ["free", "plus", 7, 7.5, ["free"], {"name": "plus"}, "x" * 300, None],
            "born_on": [
                "1990-02-28",
                "2000-02-29",
                " 1899-12-31 ",
                "2001-02-29",
                "1990-05-01T00:30:00+02:00",
                631152000,
            ],
            "renewal_at": ["2025-06-30T22:00:00Z", 1750000000000, "2025-06-30", "2025-06-30 12:00 UTC", 20250630],
        }
        choices["timezone"] = ["Europe/Berlin", "america/new york", " UTC ", "Asia/Kathmandu", "Pacific/Apia", 5]
        choices["timezone"] += [
            "Australia/Lord_Howe",
            "Europe/Dublin",
            "localtime",
            "Mars",
            "",
            "../UTC",
            None,
            ["UTC"],
        ]
        choices["labels"] = [self.labels() for _ in range(6)]
        choices["labels"] += [
            ["vip", None, {"trial": None}],
            "trial",
            ["free", 7, " "],
            {},
            1.5,
            True,
            [True],
            None,
            " ",
        ]
        choices["labels"] += [{f"t{number}": "2025-01-09" for number in range(80)} | {"vip": None}, {"x" * 300: None}]
        choices["interests"].append([f"t{number}" for number in range(80)] + ["sport"])
        choices["born_on"] += ["2007-01-20", "1985-02-10", "1999-10-15", "2025-01-30"]
        choices["renewal_at"] += ["2025-01-25T22:00:00Z", "2025-02-01T00:00:00.001+01:00", "2017-10-20T12:00:00Z"]
        choices["born_on"] += ["9999-12-31", "0002-01-01", 20000101, "01.05.1990", None, {"day": 1}]
        choices["renewal_at"] += ["1900-01-01T00:00:00.123456Z", "2100-02-28T23:59:59.999+14", None, [1]]
        named = self.dice.sample(sorted(choices), self.dice.randint(0, 3))
        return {name: self.dice.choice(choices[name]) for name in named}

    def labels(self) -> Event:
        """Tags with expiries that are read, and with others."""
        month = self.dice.choice(["2017-09", "2017-10", "2025-01", "2025-01"])
        day, second = f"{month}-{self.dice.randint(1, 30):02}", self.dice.randint(1_735_700_000, 1_738_400_000)
        expiries: list[Any] = [
            None,
            day,
            day,
            f"{day}T10:00:00.001+02:00",
            f" {day} ",
            second,
            f"{second}",
            "",
            "soon",
            True,
            [day],
        ]
        expiries += ["2025-02-30", "2017-10-15", "9999-12-31", "0001-01-01", "1900-01-01T00:00Z", {"until": day}]
        names = self.dice.sample(["vip", "trial", "free", "plus", " ", "promo"], self.dice.randint(1, 4))
        return {name: self.dice.choice(expiries) for name in names}

    def counted(self, user_id: str, at: datetime) -> Event:
        """An event that only a policy knows, with properties that can be used or not."""
        person = f"t{self.dice.randrange(3)}"
        said = self.dice.choice(
            [{"to": person, "bonus": self.dice.choice(BONUSES)}] * 4
            + [{"to": [person], "bonus": 0.5}, {"to": "x" * 257}]
        )
        event = self.event(user_id, self.after(at), self.dice.choice(["Referral Sent", "App Opened"]), said)
        if self.dice.random() < 0.6:
            event["context"] = self.dice.choice(
                [
                    {"campaign": {"name": self.dice.choice(["Spring", 7, None, "x" * 300, [1]])}, "shop": "s1"},
                    {"location": {"country": "DE"}, "campaign": "Spring", "shop": {"id": 1}},
                    {"location": ["DE"], "shop": person},
                    "Spring",
                    [],
                    None,
                ]
            )
        return event

    def asked(self, user_id: str, at: datetime) -> Event:
        """Somebody asks that a membership be told again, mostly of a customer and of a segment that there are."""
        segment = self.dice.choice([*self.segments, *self.segments, "none", "", 7, None])
        who = user_id if self.dice.random() < 0.9 else "nobody"
        event = self.event(who, self.after(at), "Segment Republish Requested", {"segment": segment})
        if self.dice.random() < 0.2:
            event["context"] = {"traits": self.declared()}
        return event

    def again(self, event: Event) -> Event:
        """The same messageId once more, some minutes away."""
        at = datetime.fromisoformat(event["timestamp"])
        return {**event, "timestamp": written(at + MINUTE * self.dice.choice([0, 1, 30, 45, 46, 60, 61, 180, 181]))}

    def twin(self, event: Event) -> Event:
        """Another event under the same messageId, or the same event told otherwise, at the same instant or near it."""
        properties = dict(event.get("properties", {}))
        name = self.dice.choice([event.get("event"), "Order Refunded", "Order Cancelled", "Order Updated", "page"])
        if "order_id" in properties:
            properties.update(self.order(properties["order_id"]))
        if self.dice.random() < 0.3:
            properties["order_id"] = properties["ticket_id"] = self.dice.choice(["1", "2", 3])
        if "rating" in properties:
            properties["rating"] = self.dice.randint(1, 5)
        at = datetime.fromisoformat(event["timestamp"]) + MINUTE * self.dice.choice([0, 0, 0, 1, 30, -60, -61, 90])
        other = {**event, "event": name, "properties": properties, "timestamp": written(at)}
        if event["type"] == "identify":
            other["traits"] = {**event.get("traits", {}), "plan": self.dice.choice(["free", True, 1, 1.5])}
        return other

    def wrong(self, user_id: str, at: datetime) -> bytes:
        if self.dice.random() < 0.5:
            return self.dice.choice(MALFORMED)
        name, properties = self.dice.choice(WRONG_PROPERTIES)
        return json.dumps(self.event(user_id, at, name, properties)).encode()

    def odd(self, event: Event) -> Any:
        """The same event as some producer might write it instead."""
        changes = [
            self.other_ids,
            self.other_amounts,
            self.other_times,
            self.other_names,
            self.wrapped,
            self.other_traits,
            self.other_context,
            self.in_a_list,
        ]
        return self.dice.choice(changes)(dict(event))

    def other_ids(self, event: Event) -> Event:
        """Ids as numbers, and under other names."""
        number = f"9{self.made}"
        event["messageId"] = int(number)
        if self.dice.random() < 0.5:
            event["user_id"] = event.pop("userId")
            event["message_id"] = event.pop("messageId")
        properties = dict(event.get("properties", {}))
        for name, twin in (("order_id", "orderId"), ("ticket_id", "ticketId"), ("conversation_id", "conversationId")):
            if name in properties and self.dice.random() < 0.5:
                properties[twin] = properties.pop(name)
        if self.dice.random() < 0.3:
            properties["order_id"] = self.dice.choice([0, 1, -2, 10**20])
        return {**event, "properties": properties}

    def other_amounts(self, event: Event) -> Event:
        """Numbers as texts, other currencies, and products of all sorts."""
        properties = dict(event.get("properties", {}))
        for name in ("total", "revenue", "value", "rating"):
            if name in properties and not isinstance(properties[name], str | None):
                properties[name] = f"{self.dice.choice(['', ' ', '+'])}{properties[name]}"
        if "total" in properties:
            properties["revenue"] = self.dice.choice(["none", [], 7, None])
        properties["currency"] = self.dice.choice(["usd", " Usd", "", " ", "eur ", "JPY", None])
        lines = list(properties.get("products") or [])
        lines += self.dice.choice([[], [{"price": "3.5", "quantity": "2", "category": "Odd"}]])
        if self.dice.random() < 0.5:
            odd = [
                None,
                5,
                {"quantity": -1, "category": "Gone"},
                {"quantity": "many"},
                {"category": ["Odd"], "price": 1},
            ]
            lines.append(self.dice.choice([*odd, {"quantity": None, "price": 2}, {"quantity": "1.5", "price": "x"}]))
        properties["products"] = self.dice.choice([lines, lines, lines, None, {"0": {}}])
        return {**event, "properties": properties}

    def other_times(self, event: Event) -> Event:
        """The instant in another notation, or as the three times of a producer whose clock is wrong."""
        at = datetime.fromisoformat(event["timestamp"])
        ms = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
        if self.dice.random() < 0.3:
            wrong, waited = timedelta(hours=self.dice.randint(-50, 50)), MINUTE * self.dice.randint(0, 5)
            times = {"originalTimestamp": at + wrong, "sentAt": at + wrong + waited, "receivedAt": at + waited}
            for name in self.dice.choice([(), (), ("sentAt",), ("sentAt", "receivedAt")]):
                del times[name]
            return {**event, "timestamp": None, **{name: written(time) for name, time in times.items()}}
        text = event["timestamp"].removesuffix("Z")
        leap = text[:17] + "60Z" if text[17:19] == "59" else text + " UTC"
        numbers = [ms, ms / 1000, ms // 1000, ms * 1000, ms * 10**6, f"{ms}", f"{ms // 1000}"]
        return {**event, "timestamp": self.dice.choice([*numbers, text + "+01", text[:16] + "Z", leap, text + "+0530"])}

    def other_names(self, event: Event) -> Event:
        """The name in another spelling, or as older versions of the spec had it."""
        call, name = event.get("type", "track"), event.get("event") or ""
        first, _, last = name.rpartition(" ")
        spellings = [
            name.lower().replace(" ", "_"),
            name.upper(),
            f" {name} ",
            name.replace(" ", ""),
            f"{last} {first}",
        ]
        spellings += [name.replace("Cancelled", "Canceled"), name.replace("Completed", "Placed"), f"{name}s"]
        return {
            **event,
            "type": self.dice.choice([call, call.upper(), f"{call} "]),
            "event": self.dice.choice(spellings),
        }

    def wrapped(self, event: Event) -> Event:
        """The event as it comes through other systems, once or several times."""
        for _ in range(self.dice.choice([1, 1, 1, 2, 4, 5])):
            content = json.dumps(event)
            event = self.dice.choice(
                [
                    {"specversion": "1.0", "type": "x", "data": event},
                    {"specversion": 1.0, "userId": "another", "data": content},
                    {"specversion": "1.0", "data": None, "data_base64": b64encode(content.encode()).decode()},
                    {"schema": None, "payload": event},
                    {"schema": {"type": "string"}, "payload": content},
                ]
            )
        return event

    def other_traits(self, event: Event) -> Event:
        """Traits in the context, or null, or of kinds that are ignored."""
        plan = {"plan": self.dice.choice(["free", "plus", None])}
        ignored = self.dice.choice([[1], {"deep": {"er": 1}}, 2**63, -(2**63), 10**30, None])
        context: Any = self.dice.choice([None, [], {}, {"traits": None}, {"traits": {**plan, "odd": ignored}}])
        many = {f"a{number}": "x" * self.dice.choice([1, 256, 257]) for number in range(self.dice.choice([1, 64, 70]))}
        traits = self.dice.choice([None, None, {}, many, {**many, **plan, "nested": {"odd": ignored, "score": 7}}])
        if isinstance(traits, dict):
            traits = {**traits, **self.declared()}
        return {**event, "type": "identify", "traits": traits, "context": context}

    def other_context(self, event: Event) -> Event:
        """What an SDK knows of the customer, beside what happened."""
        odd = self.dice.choice([{}, [1], 2**63, {"deep": [1], "score": 3}, None, "x" * 300])
        traits = {"plan": self.dice.choice(["free", "plus", None]), "odd": odd, "x" * 300: 1, **self.declared()}
        context: Any = self.dice.choice([{"traits": traits}, {"traits": traits}, {"traits": [traits]}, "web", None])
        return {**event, "context": context}

    def in_a_list(self, event: Event) -> Any:
        """The event in a list with others, or alone."""
        at = datetime.fromisoformat(event["timestamp"])
        untimed = {"type": "page", "userId": event["userId"], "originalTimestamp": written(at + DAY)}
        others = [untimed, {**untimed, "sent_at": written(at + DAY)}, {"type": "page"}, 5, [event], {"batch": [event]}]
        events = [event, *self.dice.sample(others, self.dice.randint(0, 4))]
        self.dice.shuffle(events)
        events = [self.dice.choice([it, it, json.dumps(it), {"specversion": "1.0", "data": it}]) for it in events]
        times = {"sentAt": written(at + DAY + MINUTE), self.dice.choice(["receivedAt", "received_at"]): written(at)}
        batches = [{"batch": events, **times}, {"batch": events}, {"batch": events, "sentAt": "x" * 70}, {"batch": []}]
        return self.dice.choice([events, *batches])

    def of_account(self, event: Event) -> Event:
        """The event with the account that it is for, if with any, in one of the places where producers write it."""
        dice = self.account_dice
        account: Any = f"account {sum(map(ord, event['userId'])) % 5}"
        if dice.random() < 0.05:
            account = dice.choice([7, 7.0, "", None, [], True, "a" * 257, " "])
        context = event.get("context")
        around = dict(context) if isinstance(context, dict) else {}
        place = dice.random()
        if place < 0.15:
            return event
        if place < 0.25:
            return {
                **event,
                "groupId": account,
                "context": dice.choice([{"groupId": "another"}, None, [], "x", around]),
            }
        if place < 0.3:
            return {**event, "group_id": account}
        if place < 0.35:
            call = dice.choice(["group", "Group", "GROUP "])
            return {**event, "type": call, "groupId": account, "traits": self.declared()}
        if place < 0.4:
            return {**event, "context": {**around, "groupId": None, "group_id": account, "member": "nobody"}}
        return {**event, "context": {**around, "groupId": account}}

    def lines(self, simulated: list[bytes]) -> list[bytes]:
        """The simulated lines and what is done to them, in any order."""
        made, wrong = [json.loads(line) for line in simulated], []
        for event in list(made):
            at = datetime.fromisoformat(event["timestamp"])
            if event["type"] == "identify":
                event["traits"] |= self.declared()
            elif self.dice.random() < 0.05:
                event["context"] = {"traits": self.declared()}
            if event.get("event") == "Order Completed" and self.dice.random() < 0.3:
                made.append(self.around_order(event["userId"], event["properties"]["order_id"], at))
                if self.dice.random() < 0.3:  # it befalls what has befallen it already
                    made.append(self.around_order(event["userId"], event["properties"]["order_id"], at + DAY))
            if event.get("event") == "Order Completed" and self.dice.random() < 0.2:
                soon = at + DAY * self.dice.choice([0, 0.001, 0.5, 0.999, 1])
                made.append(self.event(event["userId"], soon, "Order Completed", self.order(f"split-{self.made}")))
            if self.dice.random() < 0.03:
                made.append(self.anything(event["userId"], at))
            if self.dice.random() < 0.06:
                made.append(self.counted(event["userId"], at))
            if self.dice.random() < 0.08:
                made.append(self.asked(event["userId"], at))
            if self.dice.random() < 0.02:
                wrong.append(self.wrong(event["userId"], at))
        made = [self.of_account(event) for event in made]
        made += [self.again(event) for event in made if self.dice.random() < 0.03]
        made += [self.twin(event) for event in made if self.dice.random() < 0.05]
        made += [{**event, "userId": int(self.dice.choice("345"))} for event in made if self.dice.random() < 0.02]
        made = [self.odd(event) if self.dice.random() < 0.15 else event for event in made]
        lines = [json.dumps(event, ensure_ascii=self.dice.random() < 0.5).encode() for event in made] + wrong
        self.dice.shuffle(lines)
        return lines
