"""Pictures of results for people: pure projections. Nothing here is imported before somebody asks for it."""
