import inspect
import re

import almoner
import grpc
import pytest
from almoner import errors


def tree(root: type[BaseException], depth: int = 0) -> list[tuple[int, str]]:
    below = [line for child in root.__subclasses__() for line in tree(child, depth + 1)]
    return [(depth, root.__name__), *below]


def documented_tree() -> list[tuple[int, str]]:
    lines = re.findall(r"^( +)(?:[x+] )?([A-Z]\w+)(?:  .*|)$", inspect.getdoc(errors) or "", re.MULTILINE)
    return [((len(indent) - 4) // 2, name) for indent, name in lines]


def test_the_documented_tree_is_the_tree() -> None:
    assert documented_tree() == tree(errors.AlmonerError)


def test_every_error_is_public() -> None:
    assert {name for _, name in tree(errors.AlmonerError)} <= set(almoner.__all__)


@pytest.mark.parametrize("code", [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK])
def test_every_status_code_makes_an_error_that_tells_it(code: grpc.StatusCode) -> None:
    error = errors.call_error(code.name, "why", "SOME_REASON", {"field": "period", "value": "9"})
    assert error.code == code.name
    assert (error.message, error.reason, error.field) == ("why", "SOME_REASON", "period")
    assert isinstance(error, errors.RequestError | errors.ServiceError)


def test_each_class_has_the_code_it_stands_for() -> None:
    for _, name in tree(errors.CallError):
        kind = getattr(errors, name)
        if kind not in (errors.CallError, errors.RequestError, errors.ServiceError):
            assert type(errors.call_error(kind.code, "")) is kind
