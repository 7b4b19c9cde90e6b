"""What stands behind ``course.py``: the environment, the lessons a learner works in, and the server that shows them.

Standard library only, since it runs before anything is installed.

- ``versions``, ``language``, ``words``  which Python, which language, every sentence said (readable by Python 3.6)
- ``cli``          commands and their options
- ``environment``  makes, checks, repairs and updates ``.venv``
- ``installer``    the uv and pip command lines, run with a live line
- ``problems``     what went wrong, in one line with the cure
- ``progress``     the live line
- ``processes``    starting, stopping and leaving nothing behind
- ``lessons``      finding a lesson and keeping the learner's own copy of it
- ``lab``          JupyterLab on loopback, in the chosen language
- ``extras``       PyTorch for the model ladder, Chromium for the browser tests
"""
