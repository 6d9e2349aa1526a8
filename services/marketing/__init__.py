"""Marketing: who the customers are, and which of them might buy."""
