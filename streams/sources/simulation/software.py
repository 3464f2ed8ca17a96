"""A software house that sells to businesses: accounts with several users, features used, contracts, renewals."""

from random import Random
from typing import Any

from schemas.instant import to_text
from streams.sources.simulation.draws import Draws
from streams.sources.simulation.recorder import Recorder

_HOUR = 3_600_000
_DAY = 24 * _HOUR
_WEEK = 7 * _DAY
_MONTH = 30 * _DAY

_USERS_PER_ACCOUNT = 4
_SIGNS, _LEAVES_A_MONTH = 0.45, 0.02
_INDUSTRIES = {"manufacturing": 25, "retail": 25, "health": 15, "finance": 20, "education": 15}
_SIZES = {"8": 40, "60": 30, "400": 20, "3000": 10}
_SEAT_PRICE = 29.0
_FEATURES = ("Dashboard", "Export", "Automation", "Reports")
_ROLES = {"admin": 30, "user": 70}


def live(recorder: Recorder, user_id: str, draws: Draws, start: int, end: int) -> None:
    """Record the life of one user; the users of four successive numbers are of one account."""
    number, place = divmod(int(user_id.rpartition("-")[2]) - 1, _USERS_PER_ACCOUNT)
    # What is the same for all users of the account does not come from the user's own draws.
    account = _Account(number, Draws(Random(f"account/{number}")), start, end)
    role = "buyer" if place == 0 else draws.one_of(_ROLES)
    _User(recorder, user_id, draws, account, role).live(end)


class _Account:
    """A business: its traits, and when its contract is signed and ends (None: never)."""

    def __init__(self, number: int, draws: Draws, start: int, end: int) -> None:
        self.id = f"sim-account-{number:05d}"
        self.size = int(draws.one_of(_SIZES))
        self.industry = draws.one_of(_INDUSTRIES)
        self.seats = max(2, self.size // 20)
        self.trial = start + int(draws.random.random() * 0.6 * (end - start))
        self.signed = self.trial + 14 * _DAY + draws.wait(10 * _DAY) if draws.chance(_SIGNS) else None
        self.left = None if self.signed is None else self.signed + draws.wait(_MONTH / _LEAVES_A_MONTH)
        self.renewal_on = None if self.signed is None else to_text(self.signed + 365 * _DAY)[:10]


class _User:
    def __init__(self, recorder: Recorder, user_id: str, draws: Draws, account: _Account, role: str) -> None:
        self._recorder = recorder
        self._user_id = user_id
        self._draws = draws
        self._account = account
        self._role = role
        self._context: dict[str, Any] = {"groupId": account.id}
        self._cases = 0

    def live(self, end: int) -> None:
        """Record everything from the trial of the account on."""
        draws, recorder, account = self._draws, self._recorder, self._account
        joined = account.trial + draws.wait(2 * _DAY)
        traits = {"kind": "business", "industry": account.industry, "company_size": account.size, "role": self._role}
        recorder.identify(joined, traits)
        recorder.group(joined, account.id, {"name": account.id, "plan": "trial", "employees": account.size})
        if draws.chance(0.3):
            recorder.track(joined - _HOUR, "Brochure Requested", {"topic": "pricing"}, self._context)
        recorder.track(joined, "Trial Started", {"seats": account.seats}, self._context)
        self._work(joined, joined + 14 * _DAY, a_week=draws.random.gammavariate(1.0, 3.0))
        if account.signed is None:
            return
        self._sign(account.signed)
        until = min(end, account.left or end)
        self._work(account.signed, until, a_week=draws.random.gammavariate(1.5, 3.0))
        self._care(account.signed, until)
        if account.left is not None and account.left < end:
            recorder.track(account.left, "Contract Ended", {"reason": "budget"}, self._context)

    def _sign(self, at: int) -> None:
        account = self._account
        self._recorder.identify(at, {"renewal_on": account.renewal_on, "plan": "team"})
        if self._role != "buyer":
            return
        self._recorder.track(at, "Contract Signed", {"seats": account.seats, "months": 12}, self._context)
        installed = at + 5 * _DAY + self._draws.wait(6 * _DAY)
        self._recorder.track(installed, "Installation Finished", {}, self._context)

    def _work(self, begin: int, end: int, a_week: float) -> None:
        draws = self._draws
        at = begin
        while (at := at + draws.wait(_WEEK / max(a_week, 0.05))) < end:
            feature = draws.one_of(dict(zip(_FEATURES, (50, 15, 10, 25), strict=True)))
            self._recorder.track(
                at, "Feature Used", {"feature": feature, "minutes": draws.between(1, 60)}, self._context
            )

    def _care(self, begin: int, end: int) -> None:
        draws, recorder, account = self._draws, self._recorder, self._account
        for number, at in enumerate(range(begin, end, _MONTH), start=1):
            if self._role == "buyer":
                total = round(account.seats * _SEAT_PRICE, 2)
                invoice = {"order_id": f"{self._user_id}-invoice-{number}", "total": total, "currency": "EUR"}
                recorder.track(at, "Order Completed", {**invoice, "channel": "contract"}, self._context)
            if draws.chance(0.25):
                self._ticket(at + draws.wait(10 * _DAY))
            if number % 3 == 0 and draws.chance(0.5):
                nps = draws.one_of({"3": 10, "6": 20, "8": 35, "9": 20, "10": 15})
                recorder.track(at + 9 * _DAY, "Survey Answered", {"nps": int(nps)}, self._context)

    def _ticket(self, at: int) -> None:
        draws, recorder = self._draws, self._recorder
        self._cases += 1
        ticket = {"ticket_id": f"{self._user_id}-ticket-{self._cases}"}
        priority = draws.one_of({"low": 50, "normal": 35, "urgent": 15})
        topic = draws.one_of({"outage": 20, "question": 60, "invoice": 20})
        recorder.track(at, "Support Ticket Created", {**ticket, "priority": priority, "topic": topic}, self._context)
        recorder.track(at + _HOUR + draws.wait(2 * _DAY), "Support Ticket Solved", ticket, self._context)
