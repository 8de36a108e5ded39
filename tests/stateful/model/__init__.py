"""The rules of docs/semantics.md once more, in the plainest way: everything is recomputed from plain lists.

It is slow, it knows one namespace, and it shares nothing with the authority but the messages of `almoner.v1`, which
it takes and gives as a server would. There is no counter in it: what is spent or held is summed anew at each question.
"""

from tests.stateful.model.authority import ModelAuthority
from tests.stateful.model.world import Refusal

__all__ = ["ModelAuthority", "Refusal"]
