-- Chats whose chain does not end in themselves or does not continue their parent's; and what names a chat that does not
-- exist or has another chain.
SELECT 'broken_chain' AS finding, chat.namespace, chat.id, chat.chain
FROM chats AS chat
WHERE chat.chain[cardinality(chat.chain)] IS DISTINCT FROM chat.id
UNION ALL
SELECT 'orphan_chat', chat.namespace, chat.id, chat.chain
FROM chats AS chat
LEFT JOIN chats AS parent
    ON parent.namespace = chat.namespace AND parent.id = chat.chain[cardinality(chat.chain) - 1]
WHERE
    cardinality(chat.chain) > 1
    AND parent.chain IS DISTINCT FROM chat.chain[:cardinality(chat.chain) - 1]
UNION ALL
SELECT DISTINCT entry.finding, entry.namespace, entry.chain[cardinality(entry.chain)], entry.chain
FROM (
    SELECT 'charge_in_unknown_chat' AS finding, namespace, chain FROM charges WHERE chain <> '{}'
    UNION ALL
    SELECT 'hold_in_unknown_chat', namespace, chain FROM holds WHERE chain <> '{}'
) AS entry
LEFT JOIN chats AS chat
    ON chat.namespace = entry.namespace AND chat.id = entry.chain[cardinality(entry.chain)]
WHERE chat.chain IS DISTINCT FROM entry.chain
UNION ALL
SELECT 'account_of_unknown_chat', account.namespace, account.id, NULL
FROM accounts AS account
LEFT JOIN chats AS chat ON chat.namespace = account.namespace AND chat.id = account.id
WHERE account.kind = 2 AND chat.id IS NULL
ORDER BY 1, 2, 3
