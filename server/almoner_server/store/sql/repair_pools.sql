-- The rows of pools that are limited no more, nor about to be.
DELETE FROM accounts AS account
USING jsonb_to_recordset($1::jsonb) AS wanted (namespace text, kind smallint, id text)
WHERE
    account.namespace = wanted.namespace AND account.kind = wanted.kind AND account.id = wanted.id AND wanted.kind >= 3
    AND NOT EXISTS (
        SELECT 1 FROM limits
        WHERE
            limits.namespace = wanted.namespace AND limits.target_id = wanted.id
            AND limits.target_kind = CASE wanted.kind WHEN 3 THEN 5 ELSE 6 END
    )
    AND NOT EXISTS (
        SELECT 1 FROM pool_fillings AS filling
        WHERE
            filling.namespace = wanted.namespace AND filling.target_id = wanted.id
            AND filling.target_kind = wanted.kind + 2
    )
