-- $2 to $5 are filters, $6 is the revision of the last change of the page before.
SELECT revision, id, target_kind, target_id, unit, period, before, after, change_time, actor, reason
FROM limit_changes
WHERE
    namespace = $1
    AND ($2::smallint IS NULL OR target_kind = $2)
    AND ($3::text = '' OR target_id = $3)
    AND ($4::text = '' OR unit = $4)
    AND ($5::smallint IS NULL OR period = $5)
    AND revision < $6
ORDER BY revision DESC
LIMIT $7
