"""What happens around every call: one interceptor a file."""
