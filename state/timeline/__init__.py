"""Order of arrival, duplicates and corrections, and the bytes in which a customer is stored."""
