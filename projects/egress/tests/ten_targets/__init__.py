"""Ten targets of a team, a module each; four are APIs shaped like well-known CRMs and mail tools."""
