"""The contract, kept by the explorers on answers."""

from tests.explorers.contract import Contract


class TestOnAnswers(Contract):
    subject = "on_answers"
