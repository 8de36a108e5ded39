import time
from uuid import RFC_4122, UUID

from almoner import new_id


def test_an_id_is_a_uuid_of_version_7_and_carries_its_moment() -> None:
    before = time.time_ns() // 1_000_000
    made = UUID(new_id())
    after = time.time_ns() // 1_000_000
    assert made.version == 7
    assert made.variant == RFC_4122
    assert before <= made.int >> 80 <= after


def test_ids_are_written_as_uuids_are_and_do_not_repeat() -> None:
    ids = [new_id() for _ in range(10_000)]
    assert all(str(UUID(text)) == text for text in ids)
    assert len(set(ids)) == len(ids)
