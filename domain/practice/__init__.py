"""Practice: scenarios, and the conversations that are played from them."""
