"""Random histories against the model, always the same ones. `make soak` plays others for as long as you like."""

import pytest
from hypothesis import settings

from tests.stateful.play import PLAIN, play, play_in_real_time

ALWAYS_THE_SAME = settings(PLAIN, derandomize=True, max_examples=130, stateful_step_count=40)


@pytest.mark.timeout(300)  # a failure is played again and again until its story is short
async def test_the_authority_answers_as_the_model_does(database: str) -> None:
    await play(database, ALWAYS_THE_SAME)


@pytest.mark.timeout(300)
async def test_the_authority_answers_as_the_model_does_from_memory(database: str) -> None:
    await play_in_real_time(database, settings(ALWAYS_THE_SAME, max_examples=60))
