"""What pip, uv and the system say when they fail, and the sentence that the reader gets instead."""

from __future__ import annotations

import pytest

from course_door.problems import explain

SAID = {
    "pip, offline": (
        "WARNING: Retrying (Retry(total=1)) after connection broken by 'NewConnectionError('<HTTPSConnection>: Failed "
        "to establish a new connection: [Errno -3] Temporary failure in name resolution')': /numpy/\n"
        "ERROR: Could not find a version that satisfies the requirement numpy==2.3.5 (from versions: none)\n"
        "ERROR: No matching distribution found for numpy==2.3.5",
        "no_network",
    ),
    "uv, offline": (
        "error: Failed to fetch: `https://example.org/numpy/`\n  Caused by: Request failed after 3 retries\n"
        "  Caused by: error sending request\n  Caused by: dns error: failed to lookup address information",
        "no_network",
    ),
    "pip, timeout": (
        "pip._vendor.urllib3.exceptions.ReadTimeoutError: HTTPSConnectionPool: Read timed out.",
        "no_network",
    ),
    "uv, timeout": ("error: Failed to download `numpy==2.3.5`\n  Caused by: operation timed out", "no_network"),
    "pip, disk": (
        "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
        "disk_full",
    ),
    "uv, disk": ("error: failed to write to file\n  Caused by: No space left on device (os error 28)", "disk_full"),
    "Windows, disk": ("OSError: [WinError 112] There is not enough space on the disk", "disk_full"),
    "pip, hash": (
        "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. [...]\n    "
        "iniconfig==2.3.1 from https://example.org/i.whl:\n        Expected sha256 00\n             Got        91",
        "hash_mismatch",
    ),
    "uv, hash": (
        "error: Failed to download `iniconfig==2.3.1`\n  Caused by: Hash mismatch for `iniconfig==2.3.1`\n\nExpected:",
        "hash_mismatch",
    ),
    "pip, certificate": (
        "Could not fetch URL https://example.org/: There was a problem confirming the ssl certificate: Max retries "
        "exceeded (Caused by SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]')))",
        "certificate",
    ),
    "uv, certificate": ("error: Failed to fetch\n  Caused by: invalid peer certificate: UnknownIssuer", "certificate"),
    "pip, no wheel": ("ERROR: No matching distribution found for scipy==1.16.3", "no_wheel"),
    "uv, no wheel": (
        "Because scipy==1.16.3 has no wheels with a matching platform tag and you require scipy==1.16.3",
        "no_wheel",
    ),
    "Windows, in use": ("OSError: [WinError 32] The file is being used by another process", "files_in_use"),
    "read-only": ("[Errno 30] Read-only file system: '/course/.course'", "no_permission"),
    "permission": ("[Errno 13] Permission denied: '/course/.course'", "no_permission"),
    "something else": ("some words\nERROR: the last words", "install_failed"),
}


@pytest.mark.parametrize("case", SAID)
def test_the_cause_is_found_in_what_was_said(case):
    output, key = SAID[case]
    problem = explain(output, log="setup.log", venv=".venv", python="3.12")
    assert problem.key == key
    assert "\n" not in str(problem)


@pytest.mark.parametrize("case", ["pip, hash", "uv, hash"])
def test_a_wrong_hash_is_reported_with_its_package(case):
    assert "iniconfig==2.3.1" in str(explain(SAID[case][0], log="setup.log", venv=".venv", python="3.12"))


def test_an_unknown_cause_is_told_with_the_last_words_and_the_log():
    told = str(explain(SAID["something else"][0], log="setup.log", venv=".venv", python="3.12"))
    assert "ERROR: the last words" in told
    assert "setup.log" in told


def test_silence_is_no_crash():
    assert explain("", log="setup.log", venv=".venv", python="3.12").key == "install_failed"
