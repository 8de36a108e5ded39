"""What is wrong with trees of chats."""

import asyncpg

from almoner_server.store.verify.findings import Describe, Finding, found


def _chat(row: asyncpg.Record) -> Finding:
    chain = " > ".join(row["chain"]) if row["chain"] else "none"
    return found(row, f"CHAT {row['id']}", f"{_WORDS[row['finding']]} (chain: {chain})")


_WORDS = {
    "broken_chain": "has a chain that does not end in it",
    "orphan_chat": "has a chain that does not continue the one of its parent",
    "charge_in_unknown_chat": "is named by a charge but does not exist, or has another chain",
    "hold_in_unknown_chat": "is named by a hold but does not exist, or has another chain",
    "account_of_unknown_chat": "has an account row but does not exist",
}
CHECKS: dict[str, Describe] = {"verify_chats": _chat}
