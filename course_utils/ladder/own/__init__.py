"""A ladder of your own: plan, small runs, forecast, seal, one large run, verdict.

:mod:`.plan` says what a game costs and buys, :mod:`.opening` begins one or goes on with it, :mod:`.game` holds the
steps in their order, :mod:`.sources` trains the runs or looks them up, :mod:`.watch` shows them meanwhile,
:mod:`.verdict` judges, :mod:`.report` writes the page, and :mod:`.play` is the whole of it in a terminal.
"""
