"""A template: where it is, its versions, its questions, how it renders."""
