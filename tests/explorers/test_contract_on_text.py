"""The contract, kept by the explorers on text."""

from tests.explorers.contract import Contract


class TestOnText(Contract):
    subject = "on_text"
