"""Generated messages and stubs of the almoner.v1 API; `make proto` renews them."""
