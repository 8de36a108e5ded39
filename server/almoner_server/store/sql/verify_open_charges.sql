-- Every account whose number of open estimates or of open unpriced charges is not what the ledger says.
WITH counted AS (
    SELECT
        charge.namespace, account.kind, account.id,
        count(*) FILTER (WHERE charge.settlement = 2) AS estimates,
        count(*) FILTER (WHERE charge.settlement = 3) AS unpriced
    FROM charges AS charge
    CROSS JOIN LATERAL (
        SELECT 1::smallint AS kind, charge.user_id AS id
        UNION ALL
        SELECT 2, unnest(charge.chain)
        UNION ALL
        SELECT 3, unnest(charge.groups)
        UNION ALL
        SELECT 4, ''
    ) AS account
    WHERE charge.open
    GROUP BY charge.namespace, account.kind, account.id
)
SELECT namespace, kind, id, difference.counter, difference.expected, difference.actual
FROM counted
FULL JOIN whole_accounts AS accounts USING (namespace, kind, id)
CROSS JOIN LATERAL (
    VALUES
    ('open_estimates', coalesce(counted.estimates, 0), coalesce(accounts.open_estimates, 0)),
    ('open_unpriced', coalesce(counted.unpriced, 0), coalesce(accounts.open_unpriced, 0))
) AS difference (counter, expected, actual)
WHERE difference.expected <> difference.actual AND (kind <= 2 OR accounts.day IS NOT NULL)
ORDER BY 1, 2, 3, 4
