"""The contract, kept by the explorers on ladders of one's own."""

from tests.explorers.contract import Contract


class TestOnLadders(Contract):
    subject = "on_ladders"
