SELECT units FROM namespaces WHERE name = $1 FOR NO KEY UPDATE
