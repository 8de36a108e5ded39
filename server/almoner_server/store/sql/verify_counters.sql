-- Every counter that differs from what the ledger and the open holds come to. Each account is looked at in the windows
-- that its own `day` lies in: it is rolled forward only when somebody uses it.
WITH entries AS (
    SELECT
        namespace, user_id, chain, groups, (occurred_at AT TIME ZONE 'UTC')::date AS day, net AS spent, '{}'::jsonb AS held
    FROM charges
    UNION ALL
    SELECT namespace, user_id, chain, groups, (coalesce(window_time, admit_time) AT TIME ZONE 'UTC')::date, '{}', held
    FROM holds
    WHERE state = 1
),
amounts AS (
    SELECT
        entries.namespace, entries.user_id, entries.chain, entries.groups, entries.day, amount.unit, amount.spent, amount.held
    FROM entries
    CROSS JOIN LATERAL (
        SELECT key AS unit, value::bigint AS spent, 0::bigint AS held FROM jsonb_each_text(entries.spent)
        UNION ALL
        SELECT key, 0, value::bigint FROM jsonb_each_text(entries.held)
    ) AS amount
),
counted AS (
    SELECT
        amounts.namespace, account.kind, account.id, amounts.unit, amounts.day,
        sum(amounts.spent) AS spent, sum(amounts.held) AS held
    FROM amounts
    CROSS JOIN LATERAL (
        SELECT 1::smallint AS kind, amounts.user_id AS id
        UNION ALL
        SELECT 2, unnest(amounts.chain)
        UNION ALL
        SELECT 3, unnest(amounts.groups)
        UNION ALL
        SELECT 4, ''
    ) AS account
    GROUP BY amounts.namespace, account.kind, account.id, amounts.unit, amounts.day
),
expected AS (
    SELECT
        counted.namespace, counted.kind, counted.id, counted.unit, period.number AS period,
        sum(counted.spent) AS spent, sum(counted.held) AS held
    FROM counted
    LEFT JOIN whole_accounts AS account
        ON account.namespace = counted.namespace AND account.kind = counted.kind AND account.id = counted.id
    CROSS JOIN generate_series(1, 4) AS period (number)
    WHERE
        (counted.kind <= 2 OR account.day IS NOT NULL)
        AND CASE
            WHEN period.number = 4 THEN true
            WHEN account.day IS NULL THEN false
            ELSE
                date_trunc((ARRAY['day', 'week', 'month'])[period.number], counted.day::timestamp)
                = date_trunc((ARRAY['day', 'week', 'month'])[period.number], account.day::timestamp)
        END
    GROUP BY counted.namespace, counted.kind, counted.id, counted.unit, period.number
),
actual AS (
    SELECT
        account.namespace, account.kind, account.id, unit.name AS unit, period.number AS period,
        account.counters[8 * (unit.position - 1) + 2 * period.number - 1] AS spent,
        account.counters[8 * (unit.position - 1) + 2 * period.number] AS held
    FROM whole_accounts AS account
    CROSS JOIN LATERAL unnest(account.units) WITH ORDINALITY AS unit (name, position)
    CROSS JOIN generate_series(1, 4) AS period (number)
),
compared AS (
    SELECT
        namespace, kind, id, unit, period,
        coalesce(expected.spent, 0) AS expected_spent, coalesce(actual.spent, 0) AS actual_spent,
        coalesce(expected.held, 0) AS expected_held, coalesce(actual.held, 0) AS actual_held
    FROM expected
    FULL JOIN actual USING (namespace, kind, id, unit, period)
)
SELECT
    compared.namespace, compared.kind, compared.id, compared.unit, compared.period, difference.counter,
    difference.expected::bigint, difference.actual::bigint,
    EXISTS (
        SELECT 1 FROM accounts AS account
        WHERE account.namespace = compared.namespace AND account.kind = compared.kind AND account.id = compared.id
    ) AS has_row
FROM compared
CROSS JOIN LATERAL (
    VALUES ('spent', expected_spent, actual_spent), ('held', expected_held, actual_held)
) AS difference (counter, expected, actual)
WHERE difference.expected <> difference.actual
ORDER BY 1, 2, 3, 4, 5, 6
