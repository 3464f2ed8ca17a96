"""Apache Kafka that asks who comes: users, tokens, certificates, and rights by its authorizer."""

import base64
import json
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from aiokafka.protocol.admin import CreateAclsRequest, DescribeAclsRequest

from streams.connection import connect
from streams.embedded.ports import HOST, free_port
from streams.settings import Settings
from streams.topics import topics_of
from tests.support.certificates import Authority
from tests.support.programs import ROOT
from tests.support.servers import apache_kafka
from tests.support.waiting import until

PASSWORD = "correct-horse"
_OAUTH = "org.apache.kafka.common.security.oauthbearer"
_RESOURCES = {"topic": 2, "group": 3, "transactional-id": 5}
_OPERATIONS = {"Read": 3, "Write": 4, "Create": 5, "Describe": 8, "DescribeConfigs": 10}
_ANY, _LITERAL, _PREFIXED, _ALLOW = 1, 3, 4, 3
_ROW = re.compile(r"\| (`[^|]+) \| (topic|group|transactional-id) ([^|]+) \| ([A-Z][^|]+) \|")


class Right(NamedTuple):
    """One operation on one resource."""

    operation: str
    resource: str
    name: str
    prefixed: bool = False


@dataclass(frozen=True)
class SecuredKafka:
    """A broker with three listeners: ``plain`` lets everybody in as a superuser, the others ask."""

    plain: str
    sasl: str
    mutual: str
    authority: Authority
    users: Sequence[str]

    def variables(self, user: str, password: str = PASSWORD) -> dict[str, str]:
        """Return the settings of a user of the listener ``sasl``."""
        return {
            "LIFESTAGE_BROKER": self.sasl,
            "LIFESTAGE_SECURITY_PROTOCOL": "SASL_SSL",
            "LIFESTAGE_SASL_USERNAME": user,
            "LIFESTAGE_SASL_PASSWORD": password,
            "LIFESTAGE_SSL_CAFILE": str(self.authority.certificate),
        }

    async def allow(self, settings: Settings, rights: Sequence[tuple[str, Right]]) -> None:
        """Give users their rights, and wait until the broker knows them."""
        host, _, port = self.plain.rpartition(":")
        connection = await connect(replace(settings, broker=self.plain), host, int(port))

        async def known() -> bool:
            found = await connection.send(DescribeAclsRequest(_ANY, None, _ANY, None, None, _ANY, _ANY))
            held = {(acl[0], kind, name) for kind, name, _, acls in found.resources for acl in acls}
            return {(f"User:{user}", _RESOURCES[it.resource], it.name) for user, it in rights} <= held

        try:
            for user, it in rights:
                pattern = _PREFIXED if it.prefixed else _LITERAL
                what = (_RESOURCES[it.resource], it.name, pattern, f"User:{user}", "*", _OPERATIONS[it.operation])
                answer = await connection.send(CreateAclsRequest(*what, _ALLOW))
                assert [code for code, _ in answer.creation_responses] == [0]
            await until(known, what="the broker to know the rights")
        finally:
            connection.close()


def moved(settings: Settings) -> Settings:
    """Return the settings of the topics that an installation is moved to."""
    prefix, app_id = f"new-{settings.topic_prefix}", f"new-{settings.app_id}"
    return replace(settings, topic_prefix=prefix, app_id=app_id, partitions=3)


def rights_in_the_page(settings: Settings) -> dict[str, list[Right]]:
    """Return the rights of each command, as the table of the operations page has them."""
    topics = topics_of(settings)
    new = topics_of(moved(settings))
    names = {
        "INPUTS": topics.inputs,
        "OWN INPUTS": topics.own_inputs,
        "CHANGELOG": (topics.changelog,),
        "TRANSITIONS": (topics.transitions,),
        "REJECTS": (topics.rejects,),
        "PROFILES": (next(it for it in topics.inputs if it.endswith("customer.profiles")),),
        "POLICIES": (topics.policies,),
        "PUBLISHER": (f"{topics.policies}-publisher",),
        "NEW TOPICS": (*new.all, new.policies),
        "NEW APP_ID-": (f"{moved(settings).app_id}-",),
        "APP_ID": (settings.app_id,),
        "APP_ID-": (f"{settings.app_id}-",),
    }
    rights: dict[str, list[Right]] = {}
    for command, resource, name, operations in _ROW.findall((ROOT / "docs/operations.md").read_text("utf-8")):
        word, _, prefixed = name.partition(" (")
        rights.setdefault(command.replace("`", ""), []).extend(
            Right(operation, resource, each, bool(prefixed))
            for each in names[word]
            for operation in operations.split(", ")
        )
    return rights


def token(user: str) -> str:
    """Return a token that the broker takes for a user's: unsigned, for one hour."""

    def part(content: dict[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")

    now = int(time.time())
    return f"{part({'alg': 'none'})}.{part({'sub': user, 'iat': now, 'exp': now + 3600})}."


@contextmanager
def secured_kafka(folder: Path, users: Sequence[str]) -> Iterator[SecuredKafka]:
    """Run the broker for the length of the block."""
    authority = Authority.make(folder / "certificates")
    certificate, key = authority.sign("broker")
    store = folder / "broker.pem"
    store.write_text(key.read_text() + certificate.read_text())
    sasl, mutual = free_port(), free_port()
    plain_users = " ".join(f'user_{name}="{PASSWORD}"' for name in users)
    properties = {
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": store,
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": authority.certificate,
        "ssl.principal.mapping.rules": "RULE:^CN=(.*?)$/$1/",
        "listener.name.ssl.ssl.client.auth": "required",
        "sasl.enabled.mechanisms": "PLAIN,OAUTHBEARER",
        "listener.name.sasl_ssl.plain.sasl.jaas.config": (
            f"org.apache.kafka.common.security.plain.PlainLoginModule required {plain_users};"
        ),
        "listener.name.sasl_ssl.oauthbearer.sasl.jaas.config": (
            f'{_OAUTH}.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";'
        ),
        "listener.name.sasl_ssl.oauthbearer.sasl.server.callback.handler.class": (
            f"{_OAUTH}.internals.unsecured.OAuthBearerUnsecuredValidatorCallbackHandler"
        ),
    }
    with apache_kafka(folder, listeners={"SASL_SSL": sasl, "SSL": mutual}, more=properties) as kafka:
        yield SecuredKafka(kafka.bootstrap, f"{HOST}:{sasl}", f"{HOST}:{mutual}", authority, users)
