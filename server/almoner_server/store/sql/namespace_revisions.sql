SELECT name, revision FROM namespaces WHERE name = ANY($1::text [])
