-- $2 to $8 are filters, $9 and $10 the key of the last charge of the page before.
SELECT *
FROM charges
WHERE
    namespace = $1
    AND ($2::text = '' OR user_id = $2)
    AND (
        $3::text = ''
        OR chain <> '{}' AND chain @> ARRAY[$3]
        AND chain[1] = (SELECT chats.chain[1] FROM chats WHERE chats.namespace = $1 AND chats.id = $3)
    )
    AND ($4::uuid IS NULL OR hold_id = $4 AND (id = $4 OR hold_id <> id))
    AND (NOT $5::boolean OR open)
    AND ($6::smallint IS NULL OR settlement = $6)
    AND ($7::timestamptz IS NULL OR create_time >= $7)
    AND ($8::timestamptz IS NULL OR create_time < $8)
    AND (create_time, id) < ($9::timestamptz, $10::uuid)
ORDER BY create_time DESC, id DESC
LIMIT $11
