"""What histories are made of: few names and small numbers, so that things meet."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from almoner.v1.resources_pb2 import (
    PERIOD_DAY,
    PERIOD_LIFETIME,
    PERIOD_MONTH,
    PERIOD_WEEK,
    ChatRef,
    Subject,
    Target,
    TargetKind,
)
from hypothesis import strategies as st

USERS = ("u1", "u2", "u3")
GROUPS = ("a", "b")
CHATS = ("c1", "c2", "c3", "c4")
UNITS = ("usd", "tok")
PERIODS = {"DAY": PERIOD_DAY, "WEEK": PERIOD_WEEK, "MONTH": PERIOD_MONTH, "LIFETIME": PERIOD_LIFETIME}
TARGETS = {
    "default": Target(kind=TargetKind.TARGET_KIND_NAMESPACE_DEFAULT),
    "pool": Target(kind=TargetKind.TARGET_KIND_NAMESPACE_POOL),
    **{f"user {name}": Target(kind=TargetKind.TARGET_KIND_USER, id=name) for name in USERS[:2]},
    **{f"members of {name}": Target(kind=TargetKind.TARGET_KIND_GROUP_DEFAULT, id=name) for name in GROUPS},
    **{f"pool of {name}": Target(kind=TargetKind.TARGET_KIND_GROUP_POOL, id=name) for name in GROUPS},
    **{f"chat {name}": Target(kind=TargetKind.TARGET_KIND_CHAT, id=name) for name in CHATS[:3]},
}
LIMITED = (*TARGETS, "default", "pool", "user u1", "members of a", "members of b")
"""Targets, those that are met often more than once."""
STARTS = tuple(
    datetime(*moment, tzinfo=UTC)
    for moment in (
        (2026, 3, 11, 10),  # a Wednesday
        (2026, 3, 31, 22),  # a day and a month end
        (2026, 5, 31, 23),  # a day, a week and a month end
        (2026, 12, 31, 23),  # and the year, but not the week
        (2027, 1, 3, 23),  # the 53rd week of 2026 ends
        (2028, 2, 28, 23),  # a leap year
    )
)
LONGEST = timedelta(days=7, hours=12)
"""How far a history goes: ids of settled holds are known for 8 days."""

users = st.sampled_from(USERS)
groups = st.sampled_from(([], ["a"], ["b"], ["a", "b"], ["a", "b"]))
chats = st.sampled_from(("", *CHATS))
parents = st.sampled_from(("", "", *CHATS))
amounts = st.one_of(
    st.dictionaries(st.just("usd"), st.integers(0, 5), max_size=1),
    st.dictionaries(st.just("usd"), st.integers(1, 3), min_size=1, max_size=1),
    st.dictionaries(st.sampled_from(UNITS), st.integers(0, 5), max_size=2),
)
limit_units = st.sampled_from(("usd", "usd", "usd", "tok", "in_flight"))
numbers = st.integers(0, 5)
backs = st.sampled_from((0, 0, 0, 1, 1, 2, 3, 9))
"""How far back in a list: mostly the last, at times one that is not there."""
new_ones = st.sampled_from((True, True, True, True, False))
ttls = st.sampled_from((None, 1, 60, 7200, 86_400))
attributes = st.sampled_from(({}, {}, {}, {"model": "m"}))


def uuid(kind: str, number: int) -> str:
    """Return the id of the hold, charge, adjustment or request of a number."""
    return str(UUID(int=(ord(kind[0]) << 96) + number))


def chat_ref(chat: str, parent: str) -> ChatRef | None:
    """Name a chat, or none."""
    return ChatRef(id=chat, parent_id=parent) if chat else None


def subject(user: str, named: list[str]) -> Subject:
    """Name a user with groups."""
    return Subject(user=user, groups=named)
