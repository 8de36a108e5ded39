-- Rows that somebody else has locked are left for the next time. Overrides of pools (kinds 5 and 6) stay: a pool has
-- its account as long as it has a limit, and which batches may count on that account only a change of limits settles.
WITH moment AS MATERIALIZED (
    SELECT almoner_now() - $1::interval AS before
),
old_holds AS (
    SELECT old.namespace, old.id
    FROM namespaces AS namespace
    CROSS JOIN LATERAL (
        SELECT hold.namespace, hold.id
        FROM holds AS hold, moment
        WHERE
            hold.namespace = namespace.name AND hold.admit_time < moment.before AND hold.state <> 1
            AND hold.settle_time < moment.before
        ORDER BY hold.admit_time
        LIMIT $2
        FOR UPDATE OF hold SKIP LOCKED
    ) AS old
    LIMIT $2
),
holds_deleted AS (
    DELETE FROM holds USING old_holds
    WHERE holds.namespace = old_holds.namespace AND holds.id = old_holds.id
    RETURNING 1
),
old_limits AS (
    SELECT old.namespace, old.target_kind, old.target_id, old.unit, old.period
    FROM namespaces AS namespace
    CROSS JOIN LATERAL (
        SELECT rule.namespace, rule.target_kind, rule.target_id, rule.unit, rule.period
        FROM limits AS rule, moment
        WHERE
            rule.namespace = namespace.name AND rule.expire_time < moment.before AND rule.target_kind < 5
        ORDER BY rule.expire_time
        LIMIT $2
        FOR UPDATE OF rule SKIP LOCKED
    ) AS old
    LIMIT $2
),
limits_deleted AS (
    DELETE FROM limits USING old_limits
    WHERE
        limits.namespace = old_limits.namespace AND limits.target_kind = old_limits.target_kind
        AND limits.target_id = old_limits.target_id AND limits.unit = old_limits.unit
        AND limits.period = old_limits.period
    RETURNING 1
)
SELECT (SELECT count(*) FROM holds_deleted) + (SELECT count(*) FROM limits_deleted)
