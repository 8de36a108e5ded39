SELECT almoner_now() AS now, (SELECT count(*) FROM accounts) AS accounts, (SELECT count(*) FROM charges) AS charges, (SELECT count(*) FROM holds) AS holds
