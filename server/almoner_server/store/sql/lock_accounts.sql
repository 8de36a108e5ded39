-- In one order everywhere: two batches never wait for each other.
SELECT 1
FROM jsonb_to_recordset($1::jsonb) AS wanted (namespace text, kind smallint, id text)
JOIN accounts AS account USING (namespace, kind, id)
ORDER BY account.namespace, account.kind, account.id
FOR UPDATE OF account
