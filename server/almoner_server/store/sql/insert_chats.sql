INSERT INTO chats (namespace, id, chain, create_time)
SELECT namespace, id, chain::text [], $4::timestamptz
FROM unnest($1::text [], $2::text [], $3::text []) AS new (namespace, id, chain)
ORDER BY namespace, id
