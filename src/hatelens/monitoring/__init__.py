"""Whether live texts are still those that a model was made for, and how well it does on them."""
