"""The contract, kept by the explorers on abilities."""

from tests.explorers.contract import Contract


class TestOnAbilities(Contract):
    subject = "on_abilities"
