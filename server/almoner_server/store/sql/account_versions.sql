SELECT account.namespace, account.kind, account.id, account.version
FROM json_to_recordset($1::json) AS wanted (namespace text, kind smallint, id text)
JOIN accounts AS account USING (namespace, kind, id)
