"""A journal with its guards against double signing taken away, to show that the crash test sees it. For tests alone.

What is left out: the look for a signature before one is written. (The harness drops the unique index and lets each retry
carry a new command id.) The answer is held back a moment after the commit, so that a kill often falls between the two.
"""

import time
from typing import Any

from journal import serving
from journal.app import JournalApp
from journal.medication.service.administration import Administration

ANSWER_HELD_SECONDS = 0.1


class LateAnswers:
    """A slow line between the journal and whoever asked."""

    def __init__(self, app: JournalApp) -> None:
        self._app = app

    def __call__(self, environ: Any, start_response: Any) -> Any:
        answer = self._app(environ, start_response)
        time.sleep(ANSWER_HELD_SECONDS)
        return answer


def application() -> LateAnswers:
    """The journal, blind to signatures."""
    seeing = Administration._hold_dose

    def blind(self: Administration, patient_id: Any, dose_id: Any) -> Any:
        return seeing(self, patient_id, dose_id)._replace(signed_at=None)

    Administration._hold_dose = blind  # type: ignore[method-assign]
    return LateAnswers(serving.application())
