-- Every account that is over a limit, and by how much, in one snapshot. Only limits of the kinds that the load sets.
SELECT
    balance.kind,
    balance.id,
    limited.unit,
    balance.spent + balance.held - limited.amount AS excess
FROM limits AS limited
INNER JOIN account_balances AS balance
    ON
        balance.namespace = limited.namespace
        AND balance.unit = limited.unit
        AND balance.period = (ARRAY['DAY', 'WEEK', 'MONTH', 'LIFETIME'])[limited.period]
        AND (
            (limited.target_kind = 1 AND balance.kind = 'USER')
            OR (limited.target_kind = 4 AND balance.kind = 'CHAT' AND balance.id = limited.target_id)
            OR (limited.target_kind = 5 AND balance.kind = 'GROUP' AND balance.id = limited.target_id)
            OR (limited.target_kind = 6 AND balance.kind = 'NAMESPACE')
        )
WHERE balance.spent + balance.held > limited.amount
