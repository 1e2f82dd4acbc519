"""The page that shows a result: its scores, both shops in one map, hubs, neighbours."""
