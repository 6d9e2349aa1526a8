"""Who may do what: one table of rights, who asks, what he reaches, and the token that says so."""
