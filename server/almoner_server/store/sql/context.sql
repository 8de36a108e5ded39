-- What a decision needs besides accounts, holds and charges, in one round trip: `part` says what a row is.
-- 1: a namespace: `number` its rules_revision, `moment` now, `flag` whether another replica has callers waiting
-- 2: stored groups of a user
-- 3: a limit of a user or chat
-- 4: a chat's chain
SELECT
    1 AS part, namespace.name AS namespace, NULL::smallint AS kind, NULL AS id, NULL AS unit, NULL::smallint AS period,
    namespace.rules_revision AS number, almoner_now() AS moment, NULL::text [] AS texts,
    EXISTS (SELECT 1 FROM waiting WHERE replica <> $8 AND lease_until > clock_timestamp()) AS flag
FROM namespaces AS namespace
WHERE namespace.name = ANY($1::text [])
UNION ALL
SELECT 2, stored.namespace, NULL, stored.user_id, NULL, NULL, NULL, NULL, stored.groups, NULL
FROM unnest($2::text [], $3::text []) AS wanted (namespace, user_id)
JOIN user_groups AS stored USING (namespace, user_id)
UNION ALL
SELECT 3, rule.namespace, rule.target_kind, rule.target_id, rule.unit, rule.period, rule.amount, rule.expire_time, NULL, NULL
FROM unnest($4::text [], $5::smallint [], $6::text []) AS wanted (namespace, target_kind, target_id)
JOIN limits AS rule USING (namespace, target_kind, target_id)
UNION ALL
SELECT 4, chat.namespace, NULL, chat.id, NULL, NULL, NULL, NULL, chat.chain, NULL
FROM unnest($7::text [], $9::text []) AS wanted (namespace, id)
JOIN chats AS chat USING (namespace, id)
