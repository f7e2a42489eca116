"""How we present ourselves to the brokers: one answer in the words of both Kafka clients."""

from dataclasses import dataclass
from typing import Any

from aiokafka.helpers import create_ssl_context


@dataclass(frozen=True, slots=True)
class Access:
    """`protocol`: plaintext, sasl_plaintext or sasl_ssl; without SASL there is no name and no password."""

    protocol: str = "plaintext"
    mechanism: str = "SCRAM-SHA-512"
    username: str = ""
    password: str = ""
    ca_file: str = ""

    def aiokafka(self) -> dict[str, Any]:
        if self.protocol == "plaintext":
            return {}
        words: dict[str, Any] = {
            "security_protocol": self.protocol.upper(), "sasl_mechanism": self.mechanism,
            "sasl_plain_username": self.username, "sasl_plain_password": self.password,
        }  # fmt: skip
        if self.protocol == "sasl_ssl":
            words["ssl_context"] = create_ssl_context(cafile=self.ca_file or None)
        return words

    def librdkafka(self) -> dict[str, str]:
        if self.protocol == "plaintext":
            return {}
        words = {
            "security.protocol": self.protocol, "sasl.mechanism": self.mechanism,
            "sasl.username": self.username, "sasl.password": self.password,
        }  # fmt: skip
        return words | ({"ssl.ca.location": self.ca_file} if self.ca_file else {})


OPEN = Access()
