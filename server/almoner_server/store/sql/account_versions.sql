SELECT account.namespace, account.kind, account.id, account.version
FROM jsonb_to_recordset($1::jsonb) AS wanted (namespace text, kind smallint, id text)
JOIN accounts AS account USING (namespace, kind, id)
