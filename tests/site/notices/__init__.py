"""Words to residents: whom they reach, by which means, once."""
