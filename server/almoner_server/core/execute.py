"""Carry out one request on a book: the one door into the rules."""

from almoner_server.core import adjustments, holds, settlement
from almoner_server.core.book import Book
from almoner_server.core.requests import Adjust, Check, Commit, Expire, Extend, Release, Request, Result


def execute(book: Book, request: Request) -> Result:
    """Decide a request and change the book accordingly.

    Raises RequestFailed if it cannot be carried out; then it has changed nothing, but that a hold whose time had run
    out is expired now.
    """
    match request:
        case Check():
            return holds.check(book, request)
        case Commit():
            return settlement.commit(book, request)
        case Release():
            return holds.release(book, request)
        case Extend():
            return holds.extend(book, request)
        case Adjust():
            return adjustments.adjust(book, request)
        case Expire():
            return holds.expire(book, request)
