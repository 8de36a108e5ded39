INSERT INTO chats (namespace, id, chain, create_time)
SELECT namespace, chain[1], chain, min(create_time)
FROM charges
WHERE chain <> '{}'
GROUP BY namespace, chain
