"""The interactions of the small catalogue as the rules take them: written as FEST, and read back."""

from functools import cache
from io import BytesIO

from journal.medication import mini_fest
from journal.medication.fest import Interaction, InteractionNotAssessed, read_interactions
from journal.medication.rules.safety import KnownInteractions


@cache
def small_catalogue() -> KnownInteractions:
    file = BytesIO()
    mini_fest.write(file)
    file.seek(0)
    found = list(read_interactions(file))
    return KnownInteractions(
        [one for one in found if isinstance(one, Interaction)],
        {one.atc_code for one in found if isinstance(one, InteractionNotAssessed) and one.active},
    )
