"""Settings: read from the environment, and refused with the name and the fix."""

from pathlib import Path

import pytest

from streams.environment import SettingsError
from streams.partitions.failpoints import failpoint
from streams.settings import Settings
from streams.topics import topics_of


def test_an_empty_environment_gives_the_defaults() -> None:
    assert Settings.from_environment({}) == Settings()


def test_everything_can_be_set() -> None:
    settings = Settings.from_environment(
        {
            "LIFESTAGE_BROKER": "kafka://a:1, b:2",
            "LIFESTAGE_REDIS_URL": "",
            "LIFESTAGE_PARTITIONS": "6",
            "LIFESTAGE_CLOCK": "stream",
            "LIFESTAGE_STORE": "disk",
            "LIFESTAGE_PARTITIONER": "crc32",
            "LIFESTAGE_LOG": "json",
            "LIFESTAGE_INSTANCE": "one",
            "LIFESTAGE_BATCH_TIMEOUT": "2.5",
            "LIFESTAGE_POLICY": "mine.toml",
            "LIFESTAGE_SECURITY_PROTOCOL": "sasl_plaintext",
            "LIFESTAGE_SASL_USERNAME": "me",
            "LIFESTAGE_SASL_PASSWORD": "secret",
        }
    )
    assert settings.broker == "a:1,b:2"
    assert (settings.redis_url, settings.partitions, settings.clock, settings.store) == ("", 6, "stream", "disk")
    assert (settings.log, settings.partitioner) == ("json", "crc32")
    assert settings.client_id == "lifestage-one"
    assert (settings.batch_timeout, settings.policy) == (2.5, Path("mine.toml"))
    assert settings.security.protocol == "SASL_PLAINTEXT"
    assert "secret" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value", "fix"),
    [
        ("BROKER", "nowhere", "host:port"),
        ("PARTITIONS", "0", "1 or more"),
        ("CLOCK", "sun", "wall or stream"),
        ("SUBJECT", "household", "customer or account"),
        ("WEB_PORT", "0", "1 to 65535"),
        ("WEB_PORT", "65536", "1 to 65535"),
        ("STORE", "tape", "memory or disk"),
        ("PARTITIONER", "fnv", "murmur2 or crc32 or any"),
        ("LOG", "xml", "text or json"),
        ("BATCH_TIMEOUT", "nan", "seconds above 0"),
        ("APP_ID", "a b", "letters"),
        ("SECURITY_PROTOCOL", "SASL_SSL", "LIFESTAGE_SASL_USERNAME"),
        ("SSL_CAFILE", "no/such/file", "certificates"),
    ],
)
def test_a_wrong_setting_names_itself_and_the_fix(name: str, value: str, fix: str) -> None:
    with pytest.raises(SettingsError, match=f"LIFESTAGE_.*{fix}"):
        Settings.from_environment({f"LIFESTAGE_{name}": value})


def test_a_failpoint_that_is_none_is_refused() -> None:
    with pytest.raises(SettingsError, match="before_begin"):
        failpoint("somewhere:1:1")


def test_accounts_have_a_group_and_topics_of_their_own() -> None:
    customers = Settings.from_environment({"LIFESTAGE_ACCOUNTS": "yes", "LIFESTAGE_TOPIC_PREFIX": "x."})
    accounts = Settings.from_environment({"LIFESTAGE_SUBJECT": "account", "LIFESTAGE_TOPIC_PREFIX": "x."})
    assert (customers.app_id, accounts.app_id) == ("lifestage", "lifestage-accounts")
    assert topics_of(accounts).inputs == topics_of(customers).account_events
    assert set(topics_of(accounts).all) & set(topics_of(customers).all) == set(topics_of(accounts).inputs)
    assert topics_of(Settings()).account_events == ()


@pytest.mark.parametrize("name", ["ACCOUNTS", "SOURCES"])
def test_what_belongs_to_customers_is_refused_where_accounts_are_decided(tmp_path: Path, name: str) -> None:
    sources = tmp_path / "sources.toml"
    sources.write_text('[[sources]]\ntopic = "shop"\nmapping = "shop.toml"\n')
    value = "yes" if name == "ACCOUNTS" else str(sources)
    with pytest.raises(SettingsError, match=f"LIFESTAGE_{name} is .*: set it where customers are decided"):
        Settings.from_environment({"LIFESTAGE_SUBJECT": "account", f"LIFESTAGE_{name}": value})
