-- $2 to $4 are filters, $5 to $8 the key of the last limit of the page before. An override that is over is no limit.
SELECT *
FROM limits
WHERE
    namespace = $1
    AND ($2::smallint IS NULL OR target_kind = $2)
    AND ($3::text = '' OR target_id = $3)
    AND ($4::text = '' OR unit = $4)
    AND (target_kind, target_id, unit, period) > ($5::bigint, $6::text, $7::text, $8::bigint)
    AND (expire_time IS NULL OR expire_time > (SELECT almoner_now()))
ORDER BY target_kind, target_id, unit, period
LIMIT $9
