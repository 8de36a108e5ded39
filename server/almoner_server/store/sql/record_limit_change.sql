INSERT INTO limit_changes (
    namespace, revision, id, target_kind, target_id, unit, period, before, after, change_time, actor, reason,
    request_id, fingerprint
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
