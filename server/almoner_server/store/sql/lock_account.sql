SELECT * FROM accounts WHERE namespace = $1 AND kind = $2 AND id = $3 FOR UPDATE
