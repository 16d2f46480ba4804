"""The reference client for people who hold their own key: it trusts no text of the server."""
