SELECT almoner_now()
