-- $2 to $4 are filters, $5 and $6 the key of the last hold of the page before.
SELECT *
FROM holds
WHERE
    namespace = $1
    AND ($2::text = '' OR user_id = $2)
    AND (
        $3::text = ''
        OR chain <> '{}' AND chain @> ARRAY[$3]
        AND chain[1] = (SELECT chats.chain[1] FROM chats WHERE chats.namespace = $1 AND chats.id = $3)
    )
    AND ($4::smallint IS NULL OR state = $4)
    AND (admit_time, id) < ($5::timestamptz, $6::uuid)
ORDER BY admit_time DESC, id DESC
LIMIT $7
