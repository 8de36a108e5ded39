-- An open hold counts one in flight, a settled one holds nothing.
SELECT
    CASE WHEN state = 1 THEN 'open_hold_not_in_flight' ELSE 'settled_hold_holds' END AS finding,
    namespace, id, held
FROM holds
WHERE CASE WHEN state = 1 THEN held ->> 'in_flight' IS DISTINCT FROM '1' ELSE held <> '{}' END
ORDER BY 1, 2, 3
