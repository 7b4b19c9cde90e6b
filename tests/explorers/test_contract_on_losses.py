"""The contract, kept by the explorers on losses."""

from tests.explorers.contract import Contract


class TestOnLosses(Contract):
    subject = "on_losses"
