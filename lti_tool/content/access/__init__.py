"""How a school lets the tool into its LMS's own API: by a token, by consent (OAuth 2), or by signing (OAuth 1.0a)."""
