-- Overrides for $1 users, spread over all $2 of them, and the history of how they came about.
WITH wanted AS (
    SELECT 'user-' || lpad((number * ($2 / $1))::text, 8, '0') AS user_id, number
    FROM generate_series(0, $1::bigint - 1) AS number
),
namespace AS (
    UPDATE namespaces SET revision = revision + $1, rules_revision = rules_revision + 1
    WHERE name = 'default'
    RETURNING revision - $1 AS first
),
history AS (
    INSERT INTO limit_changes (
        namespace, revision, id, target_kind, target_id, unit, period, before, after, change_time, actor, reason
    )
    SELECT
        'default', namespace.first + 1 + wanted.number, gen_random_uuid(), 3, wanted.user_id, 'usd_micros', 3, NULL,
        jsonb_build_object(
            'amount', 1000000000000000, 'expire_time', NULL, 'etag', '1', 'update_time', $3::timestamptz, 'updated_by', 'bench'
        ),
        $3::timestamptz, 'bench', 'plenty'
    FROM wanted CROSS JOIN namespace
)
INSERT INTO limits (
    namespace, target_kind, target_id, unit, period, amount, expire_time, etag, update_time, updated_by
)
SELECT 'default', 3, user_id, 'usd_micros', 3, 1000000000000000, NULL, '1', $3::timestamptz, 'bench'
FROM wanted
ORDER BY user_id
