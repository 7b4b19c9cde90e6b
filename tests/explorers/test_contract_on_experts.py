"""The contract, kept by the explorers on experts."""

from tests.explorers.contract import Contract


class TestOnExperts(Contract):
    subject = "on_experts"
